// A kernel of the local Jupyter server that serves this page. Same interface as PyodideKernel.
import { uuid } from '@jupyter-widgets/base';
import { Comms } from './comms.js';
import { Manager } from './manager.js';
import { decode, encode } from './wire.js';
import { words } from './words.js';

export class ServerKernel {
  // `server`: {baseUrl, token, kernel}, put into the page by the server for this reader alone.
  constructor({ baseUrl, token, kernel }, on) {
    this.root = new URL(baseUrl, location.href);
    this.headers = { Authorization: `token ${token}`, 'Content-Type': 'application/json' };
    this.token = token;
    this.name = kernel;
    this.on = on;
    this.session = uuid();
    this.requests = new Map(); // message id -> what waits for its end
    this.outputs = new Map(); // message id -> the Output widget that catches what it shows
    this.manager = new Manager(this);
    this.comms = new Comms(this.manager, async (commId, data, buffers) => {
      const { outputs } = await this.send('comm_msg', { comm_id: commId, data }, buffers);
      on.callbacks(commId, outputs.filter((output) => output.output_type === 'error'));
    });
    this.inOrder = Promise.resolve();
  }

  async start() {
    const began = performance.now();
    const response = await fetch(new URL('api/kernels', this.root), {
      method: 'POST', headers: this.headers, body: JSON.stringify({ name: this.name }),
    }).catch(() => { throw new Error(words.noServer); });
    if (!response.ok) {
      const { message } = await response.json().catch(() => ({}));
      throw new Error(message || `the local server answered ${response.status}`);
    }
    this.id = (await response.json()).id;
    addEventListener('pagehide', () => this.stop());
    // A page that comes back from the browser's cache would come back without its kernel.
    addEventListener('pageshow', (event) => event.persisted && location.reload());
    await this.connect();
    await this.send('kernel_info_request', {});
    return { ready: Math.round(performance.now() - began) };
  }

  connect() {
    const url = new URL(`api/kernels/${this.id}/channels`, this.root);
    url.protocol = url.protocol.replace('http', 'ws');
    url.search = new URLSearchParams({ session_id: this.session, token: this.token });
    this.socket = new WebSocket(url);
    this.socket.binaryType = 'arraybuffer';
    // One after the other: an Output widget must know its message id before what it is to catch arrives.
    this.socket.onmessage = ({ data }) => {
      this.inOrder = this.inOrder.then(() => this.receive(decode(data))).catch((error) => console.error(error));
    };
    this.socket.onclose = () => this.fail(new Error('the local server has stopped, or closed the kernel'));
    return new Promise((resolve, reject) => {
      this.socket.onopen = resolve;
      this.socket.onerror = () => reject(new Error('the local kernel could not be reached'));
    });
  }

  // Send on the shell channel; resolves with what came back once the kernel is idle again.
  send(type, content, buffers = []) {
    if (this.dead) return Promise.reject(this.dead);
    const header = {
      msg_id: uuid(), msg_type: type, session: this.session, username: 'reader', version: '5.3',
      date: new Date().toISOString(),
    };
    const message = { header, parent_header: {}, metadata: {}, content, channel: 'shell' };
    return new Promise((resolve, reject) => {
      // A comm message has no reply; everything else ends with its reply and `idle`, in either order.
      this.requests.set(header.msg_id, { resolve, reject, outputs: [], replied: type === 'comm_msg', idle: false });
      this.socket.send(encode(message, buffers));
    });
  }

  async run(source) {
    const { outputs } = await this.send('execute_request', {
      code: source, silent: false, store_history: false, user_expressions: {}, allow_stdin: false, stop_on_error: true,
    });
    return outputs;
  }

  async receive({ header, parent_header: parent, content, metadata, buffers, channel }) {
    const type = header.msg_type;
    if (type.startsWith('comm_')) return this.comms.receive(type, content, metadata, buffers, parent);
    const request = this.requests.get(parent?.msg_id);
    if (!request) return undefined;
    if (channel === 'shell') request.replied = true;
    else if (type === 'status') request.idle ||= content.execution_state === 'idle';
    else if (type === 'clear_output') this.sinkOf(parent.msg_id, request).clear(content.wait);
    else if (['stream', 'display_data', 'execute_result', 'error'].includes(type)) {
      this.sinkOf(parent.msg_id, request).add({ output_type: type, ...content });
    }
    if (request.replied && request.idle) {
      this.requests.delete(parent.msg_id);
      request.resolve(request);
    }
    return undefined;
  }

  // Where the outputs of a message go: into the Output widget that is open for it, else to its sender.
  sinkOf(id, request) {
    return this.outputs.get(id) || {
      add: (output) => request.outputs.push(output),
      clear: () => request.outputs.splice(0),
    };
  }

  // `keepalive` lets the request outlive the page; a kernel it does not reach is culled by the server.
  stop() {
    if (this.socket) this.socket.onclose = null;
    if (!this.id) return;
    fetch(new URL(`api/kernels/${this.id}`, this.root), { method: 'DELETE', headers: this.headers, keepalive: true }).catch(() => {});
    this.id = null;
  }

  fail(reason) {
    this.dead = reason;
    for (const { reject } of this.requests.values()) reject(reason);
    this.requests.clear();
    this.on.gone(reason);
  }
}
