// A panel rewrites its words at every move; a drop-down that the reader has opened stays open. In print all are open but the deeper steps of a why.
(() => {
  const opened = new WeakMap(); // panel → the summaries that are open in it
  const name = (details) => details.querySelector(':scope > summary')?.textContent.replace(/[\d.,:]+.*/, '') || '';
  const panel = (element) => element.closest?.('.hw-wrap');
  document.addEventListener('toggle', ({ target }) => {
    const home = panel(target);
    if (!home || target.localName !== 'details') return;
    const names = opened.get(home) || new Set();
    target.open ? names.add(name(target)) : names.delete(name(target));
    opened.set(home, names);
  }, true);
  new MutationObserver((changes) => {
    for (const home of new Set(changes.map(({ target }) => panel(target)).filter(Boolean))) {
      const names = opened.get(home);
      if (names?.size) home.querySelectorAll('details:not([open])').forEach((each) => { each.open = names.has(name(each)); });
    }
  }).observe(document.body, { childList: true, subtree: true });
  let before = [];
  addEventListener('beforeprint', () => {
    before = [...document.querySelectorAll('.bd-article details:not([open], .hw-why details)')];
    before.forEach((each) => { each.open = true; });
  });
  addEventListener('afterprint', () => before.forEach((each) => { each.open = false; }));
})();
