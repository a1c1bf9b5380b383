// Stands in for the package sanitize-html (230 kB), which ipywidgets uses for descriptions only: an inert
// document is parsed, and what is not on the caller's list of tags and attributes is taken out.
export default function sanitize(html, { allowedTags, allowedAttributes }) {
  const { body } = new DOMParser().parseFromString(String(html), 'text/html');
  for (const element of [...body.querySelectorAll('*')].reverse()) {
    const tag = element.localName;
    if (['script', 'style', 'template', 'iframe', 'object'].includes(tag)) {
      element.remove();
    } else if (!allowedTags.includes(tag)) {
      element.replaceWith(...element.childNodes);
    } else {
      const allowed = [...(allowedAttributes['*'] || []), ...(allowedAttributes[tag] || [])];
      for (const { name, value } of [...element.attributes]) {
        const listed = allowed.some((pattern) =>
          pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern);
        const scripted = (name === 'href' || name === 'src') && !/^(https?:|mailto:|#|\.|\/|data:image\/)/i.test(value.trim());
        if (!listed || scripted) element.removeAttribute(name);
      }
    }
  }
  return body.innerHTML;
}
