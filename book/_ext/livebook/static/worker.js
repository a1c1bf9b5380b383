/* The worker of a live page: fetches Pyodide, unpacks the course, and runs `livekernel` in it.
 * A classic worker, because Pyodide 0.27 loads its parts with importScripts. Not bundled: this is the file.
 *
 * In:  {id, type: 'boot', ...}   {id, type: 'run', source, name}   {id, type: 'comm', commId, data, buffers}
 * Out: {id, value} or {id, error};  {progress: {...}};  {comm: {...}}
 */
'use strict';

let pyodide, livekernel;
const started = performance.now();
const marks = {};
const mark = (name) => { marks[name] = Math.round(performance.now() - started); };

/* How much has arrived. `files` (file name -> [bytes on the wire, bytes unpacked]) comes from the lock of
 * the release, so the total is known before the first byte; a file not listed counts as it comes. */
const arrivals = {
  files: {}, read: new Map(), total: 0,
  expect(files) {
    this.files = files;
    this.total = Object.values(files).reduce((sum, [wire]) => sum + wire, 0);
  },
  add(url, bytes) {
    const name = nameOf(url);
    this.read.set(name, (this.read.get(name) || 0) + bytes);
    this.tell();
  },
  finish(url) {
    const name = nameOf(url);
    if (this.files[name]) { this.read.set(name, this.files[name][1]); this.tell(); }
  },
  tell() {
    let bytes = 0;
    for (const [name, read] of this.read) {
      const [wire, unpacked] = this.files[name] || [read, read];
      bytes += wire * Math.min(1, read / unpacked);
    }
    postMessage({ progress: { bytes, total: this.total } });
  },
};

/* Counting the bytes of a body means reading it through a stream of our own. Not so for the WebAssembly: a
 * browser keeps its compiled code only for a response that comes straight from the network; its arrival is
 * noticed when it is complete (below). */
const plainFetch = self.fetch.bind(self);
self.fetch = async (resource, options) => {
  const response = await plainFetch(resource, options);
  if (!response.ok || !response.body || /\.wasm(\?|$)/.test(response.url)) return response;
  const counted = response.body.pipeThrough(new TransformStream({
    transform(chunk, controller) { arrivals.add(response.url, chunk.byteLength); controller.enqueue(chunk); },
  }));
  return new Response(counted, { status: response.status, headers: response.headers });
};
new PerformanceObserver((list) => list.getEntries().forEach((entry) => arrivals.finish(entry.name)))
  .observe({ type: 'resource', buffered: true });

/* What may well come when it is asked for again. */
const broke = (words) => Object.assign(new Error(words), { kind: 'broke' });
const nameOf = (url) => new URL(url, location.href).pathname.split('/').pop();

async function bytesOf(url) {
  const response = await fetch(url).catch(() => { throw broke(`${nameOf(url)} did not arrive`); });
  // Its name holds a hash of its content: the one that this page was built with is no longer there.
  if (response.status === 404) throw Object.assign(new Error(`${nameOf(url)} is not there`), { kind: 'updated' });
  if (!response.ok) throw new Error(`${nameOf(url)} was answered with ${response.status}`);
  return response.arrayBuffer().catch(() => { throw broke(`${nameOf(url)} broke off`); });
}

/* Pyodide waits for ever for a WebAssembly that it did not get. Returns a promise that only ever fails: when it is lost.
 * A host that names another type for it would lose it too; such a one is compiled when it is complete. */
function wasmLost() {
  const { instantiateStreaming } = WebAssembly;
  return new Promise((_, lost) => {
    WebAssembly.instantiateStreaming = async (source, imports) => {
      try {
        const response = await source;
        if (!response.ok) throw new Error(`it was answered with ${response.status}`);
        const streams = instantiateStreaming && response.headers.get('Content-Type') === 'application/wasm';
        return await (streams ? instantiateStreaming.call(WebAssembly, response, imports)
          : WebAssembly.instantiate(await response.arrayBuffer(), imports));
      } catch (error) {
        lost(error);
        throw error;
      }
    };
  });
}

/* A package that broke off before Pyodide was ready makes it stumble where nobody waits for it (0.27.7 asks for a part of
 * itself that is not there yet), and then it never comes up. Returns a promise that only ever fails, and an end to it. */
function stumbled() {
  const listening = new AbortController();
  const fails = new Promise((_, fail) => ['unhandledrejection', 'error'].forEach((name) => addEventListener(name, (event) => {
    event.preventDefault();
    fail(event.reason || event.error || event.message);
  }, { signal: listening.signal })));
  return [fails, () => listening.abort()];
}

/* Pyodide goes on without a package that did not arrive; the first cell that imports it would fail in words that
 * say nothing about a network. */
async function loadPython(pyodideUrl, packages) {
  try {
    importScripts(pyodideUrl + 'pyodide.js');
  } catch {
    throw new Error(`${new URL(pyodideUrl, location.href).host} could not be reached`);
  }
  const [stumbles, done] = stumbled();
  const python = await Promise.race([wasmLost(), stumbles, loadPyodide({ indexURL: pyodideUrl, packages })]).catch((error) => {
    throw broke(`the download broke off: ${(error && error.message) || error}`);
  });
  done();
  const missing = packages.filter((name) => !(name in python.loadedPackages));
  if (missing.length) throw broke(`${missing.join(', ')} did not arrive`);
  return python;
}

async function boot({ pyodideUrl, packages, files, archives, course, late }) {
  arrivals.expect(files);
  // Our own archives travel while Pyodide does.
  const ours = Promise.all([archives, course].map((urls) => Promise.all(urls.map(bytesOf))));
  ours.catch(() => {}); // awaited below; without this an early failure would count as unhandled
  pyodide = await Promise.race([loadPython(pyodideUrl, packages), ours.then(() => new Promise(() => {}))]);
  mark('pyodide');
  const [wheels, parts] = await ours;
  for (const wheel of wheels) pyodide.unpackArchive(wheel, 'wheel');
  const arriving = pyodide.pyimport('livekernel.late');
  for (const part of parts) arriving.unpack(pyodide.toPy(new Uint8Array(part)));
  arriving.expect(late);
  pyodide.runPython('import sys; sys.path.insert(0, "/course")'); // only now: Python remembers a folder that was not there
  mark('unpacked');
  livekernel = pyodide.pyimport('livekernel');
  livekernel.start(post);
  mark('ready');
  return marks;
}

/* Messages cross as JSON, as they do to a server: `None` must arrive as null, which toJs makes undefined. */

/* Called from Python for each message of a widget. */
function post(msgType, commId, targetName, data, metadata, buffers) {
  postMessage({ comm: {
    msgType, commId, targetName: targetName ?? undefined, data: JSON.parse(data), metadata: JSON.parse(metadata),
    buffers: buffers.toJs({ create_proxies: false }).map((bytes) => bytes.slice().buffer),
  } });
}

const requests = {
  boot,
  run: ({ source, name }) => JSON.parse(livekernel.run_cell(source, name)),
  comm: ({ commId, data, buffers }) => JSON.parse(livekernel.comm_message(
    commId, JSON.stringify(data), pyodide.toPy(buffers.map((buffer) => new Uint8Array(buffer))))),
};

onmessage = async ({ data: { id, type, ...rest } }) => {
  try {
    postMessage({ id, value: await requests[type](rest) });
  } catch (error) {
    postMessage({ id, error: String((error && error.message) || error), kind: error && error.kind });
  }
};
