// What tests and curious readers can look at: when things happened, and what went wrong.
export const record = (window.__livebook = { marks: {}, errors: [], kernel: null, timings: null });

export function mark(name) {
  record.marks[name] = performance.now();
}

export function fault(error) {
  record.errors.push(String((error && error.message) || error));
}

// loading | live | error (a cell failed) | static (no kernel will come): also an event, for other scripts.
export function setState(state) {
  document.documentElement.dataset.livebook = state;
  document.dispatchEvent(new CustomEvent('livebook', { detail: { state } }));
}
