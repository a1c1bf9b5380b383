// The Output widget, for notebooks' habits such as `interact`. Panels do not need it: SVG in an HTML widget is
// faster and keeps its place.
import { DOMWidgetModel, DOMWidgetView } from '@jupyter-widgets/base';
import { renderOutputs } from './outputs.js';

export class OutputModel extends DOMWidgetModel {
  defaults() {
    return {
      ...super.defaults(),
      _model_name: 'OutputModel', _view_name: 'OutputView',
      _model_module: '@jupyter-widgets/output', _view_module: '@jupyter-widgets/output',
      outputs: [], msg_id: '',
    };
  }

  initialize(attributes, options) {
    super.initialize(attributes, options);
    this.clearBeforeNext = false;
    // With a Jupyter kernel the page does the catching; in Pyodide `livekernel` does, and only `outputs` changes.
    const caught = this.widget_manager.kernel?.outputs;
    if (caught) {
      this.on('change:msg_id', () => {
        caught.delete(this.previous('msg_id'));
        if (this.get('msg_id')) caught.set(this.get('msg_id'), this);
      });
    }
  }

  add(output) {
    const before = this.clearBeforeNext ? [] : this.get('outputs');
    this.clearBeforeNext = false;
    const last = before[before.length - 1];
    const joined = output.output_type === 'stream' && last?.name === output.name
      ? [...before.slice(0, -1), { ...last, text: last.text + output.text }]
      : [...before, output];
    this.set('outputs', joined);
  }

  clear(wait) {
    this.clearBeforeNext = wait;
    if (!wait) this.set('outputs', []);
  }
}

export class OutputView extends DOMWidgetView {
  render() {
    super.render();
    this.el.classList.add('jupyter-widgets', 'widget-output');
    this.listenTo(this.model, 'change:outputs', this.show);
    this.show();
  }

  show() {
    renderOutputs(this.el, this.model.get('outputs'), this.model.widget_manager);
  }
}
