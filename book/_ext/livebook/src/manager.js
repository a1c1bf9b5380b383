// The widget manager: the same for the state embedded at build time and for a running kernel.
import * as base from '@jupyter-widgets/base';
import * as controls from '@jupyter-widgets/controls';
import { ManagerBase } from '@jupyter-widgets/base-manager';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as output from './output-widget.js';

// Every widget that a panel may use. A third-party widget would need its own script, and says so.
const MODULES = {
  '@jupyter-widgets/base': base,
  '@jupyter-widgets/controls': controls,
  '@jupyter-widgets/output': output,
};

export class Manager extends ManagerBase {
  constructor(kernel = null) {
    super();
    this.kernel = kernel; // null: the models have a state, and nobody to tell
    this.views = new Set();
    window.addEventListener('resize', () => {
      for (const view of this.views) MessageLoop.postMessage(view.luminoWidget, Widget.ResizeMessage.UnknownSize);
    });
  }

  async loadClass(className, moduleName) {
    const found = MODULES[moduleName]?.[className];
    if (!found) throw new Error(`the widget ${className} of ${moduleName} is not part of the live book`);
    return found;
  }

  async _create_comm(target, id) {
    return this.kernel ? this.kernel.comms.get(id, target) : { on_msg() {}, on_close() {}, close() {} };
  }

  async _get_comm_info() {
    return {};
  }

  // Put a new view of a model into an element of the document.
  async show(model, element) {
    const view = await this.create_view(model);
    Widget.attach(view.luminoWidget, element);
    this.views.add(view);
    view.once('remove', () => this.views.delete(view));
    await whole(view);
    return view;
  }
}

// Boxes make the views of their children later: wait until the last of them stands.
async function whole(view) {
  const children = await Promise.all(view.children_views?.views ?? []);
  await Promise.all(children.map(whole));
}
