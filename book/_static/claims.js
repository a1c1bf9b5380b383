// The ledger of claims: a field for words beside the filters that need no script, and how many claims are shown.
(() => {
  const box = document.querySelector('.hw-claims');
  if (!box) return;
  const rows = [...box.querySelectorAll('tbody tr')];
  const label = Object.assign(document.createElement('label'), { className: 'hw-find', textContent: 'Words ' });
  const field = Object.assign(document.createElement('input'), { type: 'search', autocomplete: 'off', spellcheck: false });
  const said = Object.assign(document.createElement('p'), { className: 'hw-small' });
  said.setAttribute('role', 'status');
  label.append(field);
  box.querySelector('.hw-scroll').before(label, said);
  const text = rows.map((row) => row.textContent.toLowerCase());
  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, i) => { row.hidden = !words.every((word) => text[i].includes(word)); });
    said.textContent = `${rows.filter((row) => getComputedStyle(row).display !== 'none').length} of ${rows.length} claims shown.`;
  };
  box.addEventListener('input', show);
  // a link to a claim shows it, whatever is filtered out
  const open = () => {
    const row = location.hash.startsWith('#claim-') && document.getElementById(location.hash.slice(1));
    if (!row || getComputedStyle(row).display !== 'none') return;
    field.value = '';
    box.querySelectorAll('input[value="all"]').forEach((all) => { all.checked = true; });
    show();
    row.scrollIntoView();
  };
  addEventListener('hashchange', open);
  show();
})();
