// Remembers which chapters were read, in this browser only: a list of page names in localStorage, no identity, no request. "Forget" clears it.
(() => {
  const KEY = 'hw-read';
  const chapter = /\/book\/(\d-[\w-]+\/(?!index\.html)[\w-]+)\.html$/;
  const store = {
    get() { try { const kept = JSON.parse(localStorage.getItem(KEY)); return new Set(Array.isArray(kept) ? kept.filter((name) => typeof name === 'string') : []); } catch { return new Set(); } },
    put(read) { try { read.size ? localStorage.setItem(KEY, JSON.stringify([...read])) : localStorage.removeItem(KEY); } catch { /* a browser that keeps nothing still shows the book */ } },
  };
  const name = (href) => chapter.exec(new URL(href, location).pathname)?.[1];
  const here = name(location.href);
  const element = (tag, attributes, text) => Object.assign(document.createElement(tag), attributes, { textContent: text });

  function paint() {
    const read = store.get();
    const links = [...document.querySelectorAll('.bd-sidebar-primary nav a[href], .hw-path a[href]')];
    for (const link of links) {
      const done = read.has(name(link.href));
      link.querySelector('.hw-read')?.remove();
      if (done) {
        const mark = element('span', { className: 'hw-read' }, ' ✓');
        mark.append(element('span', { className: 'hw-hidden' }, ' read'));
        link.append(mark);
      }
    }
    const all = new Set(links.map((link) => name(link.href)).filter(Boolean));
    const line = document.querySelector('.hw-progress');
    if (!line) return;
    line.replaceChildren();
    const count = [...all].filter((page) => read.has(page)).length;
    if (here) line.append(element('button', { type: 'button', onclick: toggle }, read.has(here) ? 'Mark this page as unread' : 'Mark this page as read'));
    if (count) {
      line.append(` ${count} of ${all.size} pages read, remembered in this browser only. `);
      line.append(element('button', { type: 'button', onclick: () => { store.put(new Set()); paint(); } }, 'Forget'));
    }
  }
  function toggle() {
    const read = store.get();
    read.has(here) ? read.delete(here) : read.add(here);
    store.put(read);
    paint();
  }

  const article = document.querySelector('.bd-article');
  if (!article) return;
  if (here || document.querySelector('.hw-path')) article.append(element('p', { className: 'hw-progress' }, ''));
  paint();
  // A page counts as read when its end has been in view for a while.
  const end = article.querySelector('#problems, .hw-progress');
  if (here && end && !store.get().has(here)) {
    let timer;
    new IntersectionObserver(([seen], watch) => {
      clearTimeout(timer);
      if (seen.isIntersecting) timer = setTimeout(() => { watch.disconnect(); const read = store.get(); read.add(here); store.put(read); paint(); }, 8000);
    }).observe(end);
  }
  addEventListener('storage', ({ key }) => { if (key === KEY || key === null) paint(); });
  addEventListener('pageshow', ({ persisted }) => { if (persisted) paint(); }); // put aside, a page hears of no change
  // A definition can be dismissed without moving (Escape), and comes back with the next visit to its term.
  document.addEventListener('keydown', ({ key }) => { if (key === 'Escape') document.querySelectorAll('.hw-term:hover, .hw-term:focus-within').forEach((term) => term.classList.add('hw-shut')); });
  const again = ({ target }) => { const term = target.closest?.('.hw-term'); if (term && !term.matches(':hover, :focus-within')) term.classList.remove('hw-shut'); };
  document.addEventListener('pointerout', (event) => setTimeout(again, 0, event));
  document.addEventListener('focusout', (event) => setTimeout(again, 0, event));
})();
