// What happens on a page, in order: show the figures as built; start a kernel; run the live cells from top to
// bottom; put each live figure in the place of the built one, with whatever the reader had already moved.
import { Built, freeze, thaw } from './built.js';
import { carry, focusIn, settle } from './carry.js';
import { Keep } from './keep.js';
import { keepNamed } from './labels.js';
import { fault, mark, record, setState } from './marks.js';
import { renderOutputs } from './outputs.js';
import { PyodideKernel, refusal } from './pyodide-kernel.js';
import { ServerKernel } from './server-kernel.js';
import { Sheet } from './sheet.js';
import { clearCallbackError, showCallbackError, showCellError, Status } from './status.js';
import { words } from './words.js';

// Seconds without a byte after which a reader is told. The WebAssembly, 9 MB, is counted only when it is complete.
const QUIET_S = 45;

const read = (id) => JSON.parse(document.getElementById(id)?.textContent || 'null');

export async function openPage() {
  const config = read('livebook-config');
  const page = config && new LivePage(config, read('livebook-server'));
  page?.begin(); // Python travels while the built figures are made
  const built = new Built();
  await built.show();
  mark('built');
  built.views.forEach(({ element }) => keepNamed(element));
  if (page) await page.open(built);
}

class LivePage {
  constructor(config, server) {
    Object.assign(this, { config, server, tries: 0 });
    this.live = config.cells.filter((cell) => cell.live);
    this.element = (cell) => document.getElementById(cell.id);
    this.keep = new Keep(`${config.course} ${config.cells.map((cell) => cell.source.length)}`);
  }

  begin() {
    if (location.protocol === 'file:') return;
    Object.assign(this, { failures: 0, again: [], kernelIsHere: false, over: false });
    this.tries += 1;
    setState('loading');
    mark('start');
    this.started = new Promise((resolve) => {
      this.kernel = record.kernel = this.makeKernel();
      this.kernel.comms.sent = (id, data) => this.keep.note(id, data);
      resolve(this.kernel.start());
    });
    this.started.catch(() => {}); // awaited in `attempt`; without this an early failure would count as unhandled
  }

  async open(built) {
    this.built = built;
    this.keep.before = () => built.deeds();
    this.status = new Status(this.config.sheet ? [this.element(this.config.cells[0])]
      : this.live.map(this.element).filter((element) => built.in(element.id).length));
    document.addEventListener('livebook-press', () => this.status.say(words.pressed, 'loading'));
    if (location.protocol === 'file:') return this.stayBuilt(words.fromDisk);
    return this.attempt();
  }

  async attempt() {
    this.status.say(this.server ? words.connecting : words.arriving({ bytes: 0, total: this.config.bytes }), 'loading');
    this.listen();
    try {
      record.timings = await this.started;
      mark('kernel');
      // The numbers of questions are drawn by it: after a reload they must be the ones that were answered.
      await this.kernel.run(`__import__("os").environ["LIVEBOOK_VISIT"] = "${this.keep.visit}"`, 'visit');
    } catch (error) {
      return this.notStarted(error);
    } finally {
      clearTimeout(this.quiet);
    }
    try {
      if (this.config.sheet) await this.openSheet();
      else for (const cell of this.config.cells) await this.runCell(cell);
    } catch (error) { // the kernel itself was lost, which `gone` has said
      return fault(error);
    }
    this.tellAgain();
    mark('live');
    return setState(this.failures ? 'error' : 'live');
  }

  async notStarted(error) {
    fault(error);
    this.kernel?.stop();
    if (error.kind === 'broke' && this.tries === 1) {
      this.status.say(words.onceMore, 'loading');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return this.tryAgain();
    }
    const sentence = words.noPython(this.server ? 'on this computer' : 'in this page', error.message);
    if (error.final) return this.stayBuilt(sentence);
    if (error.kind === 'updated') return this.stayBuilt(sentence, [words.reload, () => location.reload()]);
    return this.stayBuilt(sentence, [words.tryAgain, () => this.tryAgain()]);
  }

  // What has arrived is in the browser's cache: only the rest is asked for again.
  tryAgain() {
    document.querySelectorAll('.livebook-built').forEach(thaw);
    this.begin();
    return this.attempt();
  }

  // Tell when nothing has come for a while. It goes on by itself when more comes; nobody has to wait for that.
  listen() {
    clearTimeout(this.quiet);
    if (this.server || this.kernelIsHere || this.over) return;
    this.quiet = setTimeout(() => {
      this.status.say(words.quiet(QUIET_S), 'loading', [words.tryAgain, () => { this.kernel.stop(); this.tryAgain(); }]);
    }, QUIET_S * 1000);
  }

  makeKernel() {
    const on = {
      progress: (progress) => {
        if (this.kernelIsHere || this.over || !this.status) return;
        this.status.say(words.arriving(progress), 'loading');
        this.listen();
        if (progress.bytes >= progress.total) clearTimeout(this.quiet); // from here on it is the computer that takes its time
      },
      callbacks: (commId, errors) => this.afterCallbacks(commId, errors),
      gone: (reason) => this.lose(reason),
    };
    if (this.server) return new ServerKernel(this.server, on);
    const reason = refusal();
    if (reason) throw Object.assign(new Error(reason), { final: true });
    const here = (path) => new URL(path, new URL(this.config.root, location.href)).href;
    const { pyodide, packages, files, archives, course, late, worker } = this.config;
    return new PyodideKernel(here(worker), {
      pyodideUrl: here(pyodide), packages, files, archives: archives.map(here), course: course.map(here),
      late: late.map(([path, holds]) => [here(path), holds]),
    }, on);
  }

  async runCell(cell) {
    this.kernelIsHere = true;
    const outputs = await this.kernel.run(cell.source, `cell ${cell.number}`);
    const error = outputs.find((output) => output.output_type === 'error');
    const element = this.element(cell);
    if (error) {
      this.failures += 1;
      fault(`${cell.id}: ${error.ename}: ${error.evalue}`);
      if (cell.live) this.failCell(element, error, cell.number);
      return;
    }
    // A cell without widgets shows nothing that it did not show when it was built.
    if (!cell.live || !this.built.in(cell.id).length) return;
    this.again.push(await this.swap(element, outputs));
    this.status.sayOf(element, words.live[this.server ? 'server' : 'page'], 'live');
    mark(`live:${cell.id}`);
  }

  async openSheet() {
    this.kernelIsHere = true;
    const sheet = new Sheet(this.kernel, this.config.sheet, !this.server);
    await sheet.begin();
    for (const cell of this.config.cells) await sheet.open(cell, this.element(cell));
    this.status.say(words.sheet[this.server ? 'server' : 'page'], 'live');
  }

  failCell(element, error, number) {
    freeze(element);
    this.status.sayOf(element, words.failed, 'error');
    showCellError(element, error, number);
  }

  // Once a page, above its first live figure: the lines of the others may be hidden.
  tellAgain() {
    const again = this.again.filter((each) => each !== null);
    const first = this.live.map(this.element).find((element) => element.dataset.livebook === 'live');
    if (!again.length || !first) return;
    const sentence = `${words.live[this.server ? 'server' : 'page']} ${again.every(Boolean) ? words.doneAgain : words.partlyAgain}`;
    this.status.sayOf(first, sentence, 'live', [words.startAfresh, () => this.startAfresh()]);
  }

  startAfresh() {
    this.keep.forget();
    this.keep.write = () => {};
    location.reload();
  }

  // Make the live figure out of sight, let it take over what the reader did, and only then show it. Resolves to
  // whether what was done before a reload could be done again, or null where there was nothing.
  async swap(element, outputs) {
    const place = element.querySelector('.cell_output');
    const host = document.createElement('div');
    host.className = 'livebook-live';
    host.hidden = true;
    place.append(host);
    const models = await renderOutputs(host, outputs, this.kernel.manager);
    this.keep.watch(element.id, models);
    const again = await this.doAgain(element);
    await settle(place);
    const views = this.built.in(element.id);
    for (let index = 0; index < Math.min(views.length, models.length); index++) {
      await carry(this.built, views[index].model, this.kernel.manager, models[index]);
    }
    await this.kernel.run('', 'after carrying'); // messages keep their order: when this is done, so are they
    const giveFocus = focusIn(views.map((view) => view.element));
    place.replaceChildren(host);
    host.hidden = false;
    const figures = [...host.querySelectorAll('.livebook-view')];
    figures.forEach(keepNamed);
    giveFocus(figures);
    return again;
  }

  async doAgain(element) {
    if (!this.keep.has(element.id)) return null;
    const settled = () => this.kernel.run('', 'doing again');
    return this.keep.again(element.id, settled, (index, of) => this.status.sayOf(element, words.doingAgain(index, of), 'loading'));
  }

  // Which cell a widget belongs to, to say there what its callback did.
  async afterCallbacks(commId, errors) {
    const model = await this.kernel.manager.get_model(commId).catch(() => null);
    const views = await Promise.all(Object.values(model?.views || {}));
    const cell = views[0]?.el.closest('.cell') || this.element(this.live[0] || this.config.cells[0]);
    if (errors.length) {
      fault(`callback: ${errors[0].ename}: ${errors[0].evalue}`);
      showCallbackError(cell, errors[0]);
    } else {
      clearCallbackError(cell);
    }
  }

  stayBuilt(sentence, way) {
    this.over = true; // a last word about progress may still be on its way
    this.status.say(sentence, 'static', way);
    document.querySelectorAll('.livebook-built').forEach(freeze);
    mark('static');
    setState('static');
  }

  lose(reason) {
    if (!this.kernelIsHere) return; // `start` fails with it
    fault(reason);
    this.status.say(words.gone(reason.message), 'static', [words.reload, () => location.reload()]);
    document.querySelectorAll('.livebook-view').forEach(freeze);
    setState('static');
  }
}
