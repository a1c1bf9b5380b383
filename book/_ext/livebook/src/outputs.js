// Notebook outputs as elements, with the class names that MyST-NB gives them, so that the theme dresses them.

export const VIEW = 'application/vnd.jupyter.widget-view+json';
const TEXT = { 'text/html': 'text_html', 'image/svg+xml': 'image_svg', 'text/latex': 'text_latex' };

function make(tag, className, content = '') {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = content;
  return element;
}

function block(text, className) {
  const element = make('div', className);
  const pre = make('pre', '', text);
  pre.tabIndex = 0; // long lines scroll, also by keyboard
  element.append(pre);
  return element;
}

// Name, message and, folded, where it happened.
export function renderError({ ename, evalue, traceback = [] }, lead) {
  const element = make('div', 'state livebook-error');
  const line = make('p', '');
  line.append(`${lead} `, make('code', '', evalue ? `${ename}: ${evalue}` : ename));
  element.append(line);
  const plain = traceback.join('\n').replace(/\u001b\[[\d;]*m/g, ''); // IPython colours its tracebacks
  if (plain) {
    const details = make('details', '');
    details.append(make('summary', '', 'Where it happened'), block(plain, ''));
    element.append(details);
  }
  return element;
}

function renderData(data) {
  for (const [mime, name] of Object.entries(TEXT)) {
    if (data[mime] === undefined) continue;
    const element = make('div', `output ${name}`);
    if (mime === 'text/latex') element.textContent = data[mime];
    else element.innerHTML = data[mime];
    return element;
  }
  if (data['image/png']) {
    const image = make('img', 'output image_png');
    image.src = `data:image/png;base64,${data['image/png']}`;
    image.alt = data['text/plain'] || 'Figure';
    return image;
  }
  return block(data['text/markdown'] || data['text/plain'] || '', 'output text_plain');
}

// Replace the content of an element by outputs; returns the models of the widgets among them, in order.
export async function renderOutputs(element, outputs, manager) {
  const models = [];
  const shown = outputs.map((output) => {
    if (output.output_type === 'stream') return block(output.text, `output stream ${output.name}`);
    if (output.output_type === 'error') return renderError(output, 'This step failed.');
    if (!output.data[VIEW]) return renderData(output.data);
    const host = make('div', 'livebook-view');
    host.dataset.model = output.data[VIEW].model_id;
    return host;
  });
  element.replaceChildren(...shown);
  for (const host of shown.filter((node) => node.dataset.model)) {
    const model = await manager.get_model(host.dataset.model);
    await manager.show(model, host);
    models.push(model);
  }
  return models;
}
