// The figures as built: shown from the state that MyST-NB embedded, before any kernel exists.
import { Manager } from './manager.js';
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

  in(cell) {
    return this.views.filter((view) => view.cell === cell);
  }
}

// A control that moves while its numbers do not would mislead: it is frozen. What only shows, and links and
// drop-downs inside it, stay in use.
export function freeze(root) {
  for (const element of root.querySelectorAll(CONTROLS)) {
    const widget = element.closest(WIDGET);
    if (widget && !widget.matches('.widget-html, .widget-htmlmath') && root.contains(widget)) widget.inert = true;
  }
}
