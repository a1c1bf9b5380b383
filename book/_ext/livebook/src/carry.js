// What the reader did to the figure as built is done to the live one: values, then presses, then focus.

async function children(manager, model) {
  const references = model.get('children');
  if (!Array.isArray(references)) return [];
  return Promise.all(references.map((child) =>
    typeof child === 'string' ? manager.get_model(child.replace('IPY_MODEL_', '')) : child));
}

// The pairs of models that stand at the same place in the two trees, as [built, live].
async function pairs(builtManager, built, liveManager, live) {
  const found = [[built, live]];
  const ours = await children(builtManager, built);
  const theirs = await children(liveManager, live);
  for (let index = 0; index < Math.min(ours.length, theirs.length); index++) {
    found.push(...(await pairs(builtManager, ours[index], liveManager, theirs[index])));
  }
  return found;
}

export async function carry(built, builtModel, liveManager, liveModel) {
  const twins = await pairs(built.manager, builtModel, liveManager, liveModel);
  for (const [ours, theirs] of twins) {
    if (!built.touched.has(ours.model_id) || ours.name !== theirs.name) continue;
    for (const key of ['value', 'index']) {
      if (!ours.has(key) || !theirs.has(key)) continue;
      if (JSON.stringify(ours.get(key)) === JSON.stringify(theirs.get(key))) continue;
      theirs.set(key, ours.get(key));
      theirs.save_changes();
    }
  }
  for (const { model, content } of built.presses.splice(0)) {
    const twin = twins.find(([ours]) => ours === model);
    if (twin) twin[1].send(content, {});
    else built.presses.push({ model, content }); // of another figure, whose turn comes
  }
}

const FOCUSABLE = 'input, select, textarea, button, [role=slider], [contenteditable=true], a[href], summary';

// The reader may be in the middle of a drag or of a word: wait for the end of the drag, take the word along.
export async function settle(element) {
  while (element.querySelector('.noUi-active')) await new Promise((resolve) => setTimeout(resolve, 100));
  const field = document.activeElement;
  if (element.contains(field) && /^(input|textarea)$/i.test(field.tagName)) {
    field.dispatchEvent(new Event('change', { bubbles: true }));
  }
}

// Remember which control of these figures has the focus, to give it to its twin in others.
export function focusIn(figures) {
  const field = document.activeElement;
  const figure = figures.findIndex((element) => element.contains(field));
  if (figure < 0) return () => {};
  const place = [...figures[figure].querySelectorAll(FOCUSABLE)].indexOf(field);
  return (others) => others[figure]?.querySelectorAll(FOCUSABLE)[place]?.focus({ preventScroll: true });
}
