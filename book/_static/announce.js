// A studio's places are written anew at each turn, and a live region that is itself replaced is read twice or not at all. So two lines
// that stay say what is new, once: the tutor's last turn and the verdict. Whoever stood on a control that is gone stands on the next one.
// And whoever turns to the tutor's field finds the reading loaded when the first words are sent.
(() => {
  const says = new WeakMap(); // studio → its two lines, and what they said last
  let stood = null; // the control that had the focus last, and its place
  const line = (home) => {
    const place = document.createElement('div');
    place.className = 'hw-vh hw-announce';
    place.setAttribute('role', 'status');
    place.setAttribute('aria-live', 'polite');
    return home.appendChild(place);
  };
  const tell = (kept, key, text) => {
    if (!text || kept[key] === text) return;
    const first = kept[key] === undefined;
    kept[key] = text;
    if (!first) kept[`${key}Line`].textContent = text;
  };
  const spoken = (element) => [...(element?.querySelectorAll(':scope > p:not(.who):not(.hw-read)') || [])].map((p) => p.textContent.trim()).join(' ');
  const look = (home) => {
    if (!says.has(home)) says.set(home, { turnLine: line(home), verdictLine: line(home) });
    const kept = says.get(home);
    home.querySelectorAll('.hw-log [aria-live], .hw-log [role=status], .hw-verdict [aria-live], .hw-verdict [role=status]').forEach((each) => {
      if (each.getAttribute('aria-live') !== 'off') each.setAttribute('aria-live', 'off');
    });
    const turns = home.querySelectorAll('.hw-log .hw-turn');
    const last = turns[turns.length - 1];
    if (last?.classList.contains('tutor')) tell(kept, 'turn', spoken(last));
    tell(kept, 'verdict', home.querySelector('.hw-verdict .hw-headline[role=status]')?.textContent.trim());
  };
  const next = ({ talk, home }) => (talk ? home.querySelector('.hw-sayrow input') : home.querySelector('.hw-again:not([style*="none"])') || home.querySelector('.hw-form input, .hw-form select'));
  const keepFocus = () => {
    if (!stood || document.activeElement !== document.body) return;
    const { control, home } = stood;
    if (!home.isConnected || (control.isConnected && control.offsetParent !== null && !control.disabled)) return;
    next(stood)?.focus();
  };
  let asked = false;
  const loadReading = () => { // what reads free text travels while the learner still types
    const kernel = window.__livebook?.kernel;
    if (asked || !kernel) return;
    asked = true;
    kernel.run('__import__("lessons.panels.studio", fromlist=["ready"]).ready()', 'ready to read').catch(() => { asked = false; });
  };
  document.addEventListener('focusin', ({ target }) => {
    const home = target.closest?.('.livebook-live .hw-studio');
    stood = home && { control: target, home, talk: Boolean(target.closest('.hw-talk')) };
    if (home && target.closest('.hw-sayrow')) loadReading();
  });
  document.addEventListener('pointerdown', () => { stood = null; }, true);
  let waiting = 0;
  new MutationObserver((changes) => {
    if (changes.every(({ target }) => target.classList?.contains('hw-announce'))) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      document.querySelectorAll('.livebook-live .hw-studio').forEach(look);
      keepFocus();
    }, 150); // a turn comes in several writes
  }).observe(document.body, { childList: true, subtree: true });
})();
