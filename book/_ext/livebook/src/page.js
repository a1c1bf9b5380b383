// What happens on a page, in order: show the figures as built; start a kernel; run the live cells from top to
// bottom; put each live figure in the place of the built one, with whatever the reader had already moved.
import { Built, freeze } from './built.js';
import { carry, focusIn, settle } from './carry.js';
import { keepNamed } from './labels.js';
import { fault, mark, record, setState } from './marks.js';
import { renderOutputs } from './outputs.js';
import { PyodideKernel } from './pyodide-kernel.js';
import { ServerKernel } from './server-kernel.js';
import { Sheet } from './sheet.js';
import { clearCallbackError, showCallbackError, showCellError, Status } from './status.js';
import { words } from './words.js';

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
    Object.assign(this, { config, server, failures: 0, kernelIsHere: false, over: false });
    this.live = config.cells.filter((cell) => cell.live);
    this.element = (cell) => document.getElementById(cell.id);
  }

  begin() {
    if (location.protocol === 'file:') return;
    setState('loading');
    mark('start');
    this.started = new Promise((resolve) => {
      this.kernel = record.kernel = this.makeKernel();
      resolve(this.kernel.start());
    });
    this.started.catch(() => {}); // awaited in `open`; without this an early failure would count as unhandled
  }

  async open(built) {
    this.built = built;
    this.status = new Status(this.config.sheet ? [this.element(this.config.cells[0])]
      : this.live.map(this.element).filter((element) => built.in(element.id).length));
    if (location.protocol === 'file:') return this.stayBuilt(words.fromDisk);
    this.status.say(this.server ? words.connecting : words.arriving({ bytes: 0, total: this.config.bytes }), 'loading');
    document.addEventListener('livebook-press', () => this.status.say(words.pressed, 'loading'));
    try {
      record.timings = await this.started;
    } catch (error) {
      fault(error);
      return this.stayBuilt(words.noPython(this.server ? 'on this computer' : 'in this page', error.message));
    }
    mark('kernel');
    try {
      if (this.config.sheet) await this.openSheet();
      else for (const cell of this.config.cells) await this.runCell(cell);
    } catch (error) { // the kernel itself was lost, which `gone` has said
      return fault(error);
    }
    mark('live');
    return setState(this.failures ? 'error' : 'live');
  }

  makeKernel() {
    const on = {
      progress: (progress) => {
        if (!this.kernelIsHere && !this.over) this.status?.say(words.arriving(progress), 'loading');
      },
      callbacks: (commId, errors) => this.afterCallbacks(commId, errors),
      gone: (reason) => this.lose(reason),
    };
    if (this.server) return new ServerKernel(this.server, on);
    const here = (path) => new URL(path, new URL(this.config.root, location.href)).href;
    const { pyodide, packages, files, archives, course, worker } = this.config;
    return new PyodideKernel(here(worker), {
      pyodideUrl: here(pyodide), packages, files, archives: archives.map(here), courseArchive: here(course),
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
    await this.swap(element, outputs);
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

  // Make the live figure out of sight, let it take over what the reader did, and only then show it.
  async swap(element, outputs) {
    const place = element.querySelector('.cell_output');
    const host = document.createElement('div');
    host.className = 'livebook-live';
    host.hidden = true;
    place.append(host);
    const models = await renderOutputs(host, outputs, this.kernel.manager);
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

  stayBuilt(sentence) {
    this.over = true; // a last word about progress may still be on its way
    this.status.say(sentence, 'static');
    document.querySelectorAll('.livebook-built').forEach(freeze);
    mark('static');
    setState('static');
  }

  lose(reason) {
    if (!this.kernelIsHere) return; // `start` fails with it
    fault(reason);
    this.status.say(words.gone(reason.message), 'static');
    document.querySelectorAll('.livebook-view').forEach(freeze);
    setState('static');
  }
}
