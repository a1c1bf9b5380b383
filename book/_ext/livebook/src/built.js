// The figures as built: shown from the state that MyST-NB embedded, before any kernel exists.
import { Manager } from './manager.js';
import { places } from './keep.js';
import { WIDGET } from './labels.js';
import { VIEW } from './outputs.js';

const STATE = 'application/vnd.jupyter.widget-state+json';
const CONTROLS = 'input, select, textarea, button, [role=slider], [contenteditable=true]';

export class Built {
  constructor() {
    this.manager = new Manager();
    this.views = []; // {element, model, cell}
    this.touched = new Set(); // ids of the models that the reader has set
    this.presses = []; // what the reader did that only Python can answer: {model, content}
  }

  async show() {
    const script = document.querySelector(`script[type="${STATE}"]`);
    if (!script) return;
    const models = await this.manager.set_state(JSON.parse(script.textContent));
    for (const model of models) {
      model.on('change:value change:index', () => this.touched.add(model.model_id));
      // A button pressed or a text entered now has nobody to hear it; it is kept, and played when Python is there.
      model.send = (content) => {
        this.presses.push({ model, content });
        document.dispatchEvent(new CustomEvent('livebook-press', { detail: { model } }));
      };
    }
    for (const tag of document.querySelectorAll(`script[type="${VIEW}"]`)) {
      const id = JSON.parse(tag.textContent).model_id;
      const model = models.find((candidate) => candidate.model_id === id);
      if (!model) continue;
      const element = document.createElement('div');
      element.className = 'livebook-view livebook-built';
      tag.before(element);
      await this.manager.show(model, element);
      this.views.push({ element, model, cell: tag.closest('.cell')?.id });
    }
  }

  // What the reader did and no Python has heard yet, in the form that `keep.js` keeps.
  deeds() {
    const counts = {};
    const at = new Map(); // model → {figure, place}
    for (const { cell, model } of this.views) {
      counts[cell] = (counts[cell] ?? -1) + 1;
      for (const [each, place] of places(model)) at.set(each, { figure: `${cell}:${counts[cell]}`, place });
    }
    const found = (id) => [...at.keys()].find((model) => model.model_id === id);
    const set = [...this.touched].map(found).filter(Boolean).map((model) => {
      const keys = ['value', 'index'].filter((key) => model.has(key));
      return { ...at.get(model), set: Object.fromEntries(keys.map((key) => [key, model.get(key)])) };
    });
    return [...set, ...this.presses.filter(({ model }) => at.has(model)).map(({ model, content }) => ({ ...at.get(model), content }))];
  }

  in(cell) {
    return this.views.filter((view) => view.cell === cell);
  }
}

// Undo `freeze`: Python is tried once more.
export function thaw(root) {
  root.querySelectorAll('[inert]').forEach((widget) => { widget.inert = false; });
}

// A control that moves while its numbers do not would mislead: it is frozen. What only shows, and links and
// drop-downs inside it, stay in use.
export function freeze(root) {
  for (const element of root.querySelectorAll(CONTROLS)) {
    const widget = element.closest(WIDGET);
    if (widget && !widget.matches('.widget-html, .widget-htmlmath') && root.contains(widget)) widget.inert = true;
  }
}
