// Comms: the named lines between a widget in the page and its twin in Python, over whatever carries them.

// `post(commId, data, buffers)` delivers a message to Python and resolves when Python has dealt with it.
export class Comms {
  constructor(manager, post) {
    this.manager = manager;
    this.post = post;
    this.open = new Map();
    this.sent = () => {}; // (commId, data) of each message, for whoever keeps them
  }

  get(id, target = 'jupyter.widget') {
    if (!this.open.has(id)) this.open.set(id, new Comm(this, id, target));
    return this.open.get(id);
  }

  // A message from Python. Resolves when the model has taken it in, so that order can be kept.
  async receive(type, { comm_id: id, target_name: target, data }, metadata = {}, buffers = [], parent = {}) {
    const message = {
      content: { comm_id: id, target_name: target, data }, metadata, parent_header: parent, buffers,
    };
    if (type === 'comm_open') return this.manager.handle_comm_open(this.get(id, target), message);
    const comm = this.open.get(id);
    if (type === 'comm_close') this.open.delete(id);
    return type === 'comm_msg' ? comm?.onMessage(message) : comm?.onClose(message);
  }
}

// What ipywidgets expects of a comm.
class Comm {
  constructor(comms, id, target) {
    Object.assign(this, { comms, comm_id: id, target_name: target, onMessage() {}, onClose() {} });
  }

  on_msg(callback) {
    this.onMessage = callback;
  }

  on_close(callback) {
    this.onClose = callback;
  }

  // ipywidgets sends one update at a time and holds back newer ones until it hears `idle`: a dragged slider
  // therefore never queues more than one recomputation, and its last value always arrives.
  send(data, callbacks, metadata, buffers = []) {
    this.comms.sent(this.comm_id, data);
    const idle = () => callbacks?.iopub?.status?.({ content: { execution_state: 'idle' } });
    this.comms.post(this.comm_id, data, (buffers || []).map(asArrayBuffer)).then(idle, idle);
    return '';
  }

  close() {
    this.comms.open.delete(this.comm_id);
    return '';
  }
}

function asArrayBuffer(view) {
  return view.buffer ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : view;
}
