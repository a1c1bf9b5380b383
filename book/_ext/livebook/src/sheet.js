// A worksheet: a notebook as a page. A reader changes its cells and runs them, in the kernel of the page.
// What was typed is kept by the browser, and runs again when the page is opened again.
import { renderOutputs } from './outputs.js';

const FILES = 'from livekernel import files as _files; print(_files.written())'; // as JSON: what the cells wrote

function make(tag, className, content = '') {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = content;
  return element;
}

function stored(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    return kept && typeof kept === 'object' ? kept : {};
  } catch {
    return {}; // no storage, or not ours
  }
}

export class Sheet {
  // `offerFiles`: whether the kernel's files are nowhere but in this page, so that the reader must fetch them.
  constructor(kernel, name, offerFiles) {
    Object.assign(this, { kernel, offerFiles, key: `livebook-sheet:${name}`, turn: Promise.resolve() });
    this.kept = stored(this.key);
  }

  async begin() {
    if (this.offerFiles) await this.kernel.run(FILES, 'files'); // those that are there already are nobody's work
  }

  // Show a cell as an editor and run it; one that is as delivered keeps the output that it was built with.
  async open(cell, element) {
    const mine = this.kept[cell.id];
    const source = typeof mine?.typed === 'string' && mine.of === cell.source ? mine.typed : cell.source;
    const place = element.querySelector('.cell_input') || element.insertBefore(make('div', 'cell_input'), element.firstChild);
    const area = make('textarea', 'livebook-source');
    Object.assign(area, { value: source, spellcheck: false, autocapitalize: 'off', rows: source.split('\n').length });
    area.setAttribute('aria-label', `Cell ${cell.number}, Python`);
    const run = make('button', 'livebook-run', 'Run');
    const back = make('button', 'livebook-back', 'As it was');
    run.type = back.type = 'button';
    run.setAttribute('aria-label', `Run cell ${cell.number}`);
    back.setAttribute('aria-label', `Cell ${cell.number} as it was`);
    const row = make('p', 'livebook-row');
    row.append(run, back);
    place.classList.add('livebook-cell');
    place.replaceChildren(area, row);

    const changed = () => {
      area.rows = area.value.split('\n').length;
      back.hidden = area.value === cell.source;
    };
    const press = () => {
      this.keep(cell, area.value);
      return this.run(cell, element, area.value, run);
    };
    area.addEventListener('input', changed);
    area.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.shiftKey || event.ctrlKey)) return;
      event.preventDefault();
      press();
    });
    run.addEventListener('click', press);
    back.addEventListener('click', () => {
      area.value = cell.source;
      changed();
      area.focus();
      press();
    });
    changed();
    if (source === cell.source) await this.kernel.run(source, `cell ${cell.number}`);
    else await this.run(cell, element, source, run);
  }

  // One at a time and in the order of pressing, as in a notebook.
  run(cell, element, source, button) {
    button.setAttribute('aria-busy', 'true');
    this.turn = this.turn.then(async () => {
      const outputs = await this.kernel.run(source, `cell ${cell.number}`);
      let place = element.querySelector('.cell_output');
      if (!place) element.append(place = make('div', 'cell_output'));
      place.setAttribute('aria-live', 'polite');
      await renderOutputs(place, outputs, this.kernel.manager);
      if (this.offerFiles) await this.offer(place);
    }).catch(() => {}).finally(() => button.removeAttribute('aria-busy')); // a lost kernel is told by the page
    return this.turn;
  }

  async offer(place) {
    const [said] = await this.kernel.run(FILES, 'files');
    for (const { name, base64 } of JSON.parse(said?.text || '[]')) {
      const line = make('p', 'livebook-file', 'Written: ');
      const link = make('a', '', name);
      Object.assign(link, { href: `data:application/octet-stream;base64,${base64}`, download: name });
      line.append(link, '. Download it: it is gone with this page.');
      place.append(line);
    }
  }

  keep(cell, typed) {
    delete this.kept[cell.id];
    if (typed !== cell.source) this.kept[cell.id] = { of: cell.source, typed };
    try {
      localStorage.setItem(this.key, JSON.stringify(this.kept));
    } catch { /* a browser that keeps nothing: the page works all the same */ }
  }
}
