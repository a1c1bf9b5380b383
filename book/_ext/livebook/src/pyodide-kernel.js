// Python in a worker of this page. Same interface as ServerKernel: start, run, stop, comms, manager.
import { Comms } from './comms.js';
import { Manager } from './manager.js';
import { words } from './words.js';

// Why Python will not start here, however often it is tried; null when nothing speaks against it.
export function refusal() {
  if (typeof WebAssembly !== 'object') return words.noWebAssembly;
  return typeof Worker === 'function' ? null : words.noWorkers;
}

function makeWorker(url) {
  try {
    return new Worker(url);
  } catch {
    throw Object.assign(new Error(words.noWorkers), { final: true });
  }
}

export class PyodideKernel {
  // `on`: progress({bytes, total}), callbacks(commId, errors), gone(reason)
  constructor(workerUrl, boot, on) {
    this.boot = boot;
    this.on = on;
    this.waiting = new Map();
    this.count = 0;
    this.manager = new Manager(this);
    this.comms = new Comms(this.manager, async (commId, data, buffers) => {
      const errors = await this.request({ type: 'comm', commId, data, buffers });
      on.callbacks(commId, errors);
    });
    this.worker = makeWorker(workerUrl);
    this.worker.onmessage = ({ data }) => this.receive(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.fail(new Error(event.message || 'the worker could not be loaded'));
    };
  }

  start() {
    return this.request({ type: 'boot', ...this.boot });
  }

  run(source, name) {
    return this.request({ type: 'run', source, name });
  }

  // A worker that failed to start holds its memory until it is told to go.
  stop() {
    this.worker.terminate();
    this.dead ||= new Error('Python was stopped');
    this.waiting.clear();
  }

  request(message) {
    if (this.dead) return Promise.reject(this.dead);
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...message, id });
    });
  }

  receive({ id, value, error, kind, progress, comm }) {
    if (progress) {
      this.on.progress(progress);
    } else if (comm) {
      const buffers = comm.buffers.map((buffer) => new DataView(buffer));
      this.comms.receive(comm.msgType, { comm_id: comm.commId, target_name: comm.targetName, data: comm.data },
        comm.metadata, buffers);
    } else {
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error) reject(Object.assign(new Error(kind === 'updated' ? words.updated : error), { kind }));
      else resolve(value);
    }
  }

  // The worker is lost: nobody may wait for it for ever.
  fail(reason) {
    this.dead = reason;
    for (const { reject } of this.waiting.values()) reject(reason);
    this.waiting.clear();
    this.on.gone(reason);
  }
}
