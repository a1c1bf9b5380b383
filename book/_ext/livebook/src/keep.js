// What a reader did in this tab is kept there: a reload, or a step back in the history, does it again.
//
// Kept are the messages that went to Python, in order: values set and buttons pressed. Python answers the same
// messages in the same way, so whatever they had led to stands again, also what no control shows (a conversation,
// a step that can be undone). `sessionStorage` holds them: each tab has its own, and forgets it when it is closed.
// A link that is followed anew begins anew.

const MOST = 400; // messages
const LONGEST = 200_000; // characters, all of them together

// The models of a figure with their places in it: [model, '0/2/1'].
export function places(model, place = '') {
  const children = model.get('children');
  const below = Array.isArray(children) ? children.filter((child) => child?.get) : [];
  return [[model, place], ...below.flatMap((child, index) => places(child, place ? `${place}/${index}` : `${index}`))];
}

// Of what a model tells Python, the part that a reader has set; null for the rest.
function deed({ method, state, content }) {
  if (method === 'custom') return { content };
  const set = Object.fromEntries(Object.entries(state || {}).filter(([key]) => key === 'value' || key === 'index'));
  return method === 'update' && Object.keys(set).length ? { set } : null;
}

export class Keep {
  // `edition`: what was kept under another one is of other figures, and forgotten.
  constructor(edition, storage = () => sessionStorage) {
    Object.assign(this, { edition, storage, key: `livebook:${location.pathname}`, roots: new Map(), done: [] });
    const back = ['reload', 'back_forward'].includes(performance.getEntriesByType('navigation')[0]?.type);
    const kept = back ? this.read() : null;
    this.toDo = kept?.done ?? [];
    // A page draws the numbers of its questions by this one: what was answered must be asked again.
    this.visit = kept?.visit ?? Math.floor(Math.random() * 2 ** 31);
    addEventListener('pagehide', () => this.write());
    document.addEventListener('visibilitychange', () => document.hidden && this.write());
  }

  read() {
    try {
      const kept = JSON.parse(this.storage().getItem(this.key));
      return kept?.edition === this.edition && Array.isArray(kept.done) ? kept : null;
    } catch {
      return null; // a browser that keeps nothing still shows the book
    }
  }

  // What could not be done again yet (Python is not here, or never came) is kept for the next time.
  write() {
    try {
      const before = (this.before?.() ?? []).filter(({ figure }) => !this.roots.has(figure)); // the rest is in `done`
      const done = [...this.done, ...this.toDo, ...before];
      const text = JSON.stringify({ edition: this.edition, visit: this.visit, done });
      if (done.length && done.length <= MOST && text.length <= LONGEST) this.storage().setItem(this.key, text);
      else this.storage().removeItem(this.key);
    } catch { /* see above */ }
  }

  // A figure of a cell is live: its root models.
  watch(cell, models) {
    models.forEach((model, index) => this.roots.set(`${cell}:${index}`, model));
  }

  // A message is on its way to Python.
  note(modelId, data) {
    const what = deed(data);
    if (!what) return;
    for (const [figure, root] of this.roots) {
      const found = places(root).find(([model]) => model.model_id === modelId);
      if (!found) continue;
      const last = this.done.at(-1);
      // Of a drag only its end counts.
      const drag = /Slider/.test(found[0].name) && what.set && last?.set && last.figure === figure && last.place === found[1];
      this.done.splice(drag ? -1 : this.done.length, 1, { figure, place: found[1], ...what });
      return;
    }
  }

  has(cell) {
    return this.toDo.some(({ figure }) => figure.startsWith(`${cell}:`));
  }

  // Do again what was done to the figures of this cell; `settled` resolves when Python has dealt with it all.
  // Returns whether everything could be done.
  async again(cell, settled, tell) {
    const mine = this.toDo.filter(({ figure }) => figure.startsWith(`${cell}:`));
    this.toDo = this.toDo.filter((each) => !mine.includes(each));
    for (const [index, { figure, place, set, content }] of mine.entries()) {
      tell(index, mine.length);
      const model = await this.find(figure, place);
      if (!model) return false;
      if (content) {
        model.send(content, {});
      } else {
        model.set(set);
        model.save_changes();
      }
      await settled();
    }
    return true;
  }

  // Children that Python has just made arrive a moment later.
  async find(figure, place) {
    for (let tries = 0; tries < 40; tries++) {
      const found = this.roots.has(figure) && places(this.roots.get(figure)).find(([, at]) => at === place);
      if (found) return found[0];
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return null;
  }

  forget() {
    this.done = [];
    this.toDo = [];
    this.before = null;
    this.write();
  }
}
