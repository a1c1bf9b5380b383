// The one grey line above a figure that says what the reader is looking at, and the notices of errors.
import { renderError } from './outputs.js';

// Screen readers hear the outcome once, from here, and not each megabyte from each line.
const announcer = document.createElement('div');
announcer.className = 'livebook-announcer';
announcer.setAttribute('role', 'status');

export class Status {
  // `cells`: the elements that carry a figure.
  constructor(cells) {
    this.lines = new Map(cells.map((cell) => {
      const line = document.createElement('p');
      line.className = 'state livebook-status';
      cell.prepend(line);
      return [cell, line];
    }));
    cells[0]?.prepend(announcer);
  }

  // `way`: what the reader can do about it, as [words, what happens].
  say(text, state, way) {
    for (const [cell, line] of this.lines) this.write(cell, line, text, state, way);
    if (state !== 'loading') announcer.textContent = text;
  }

  sayOf(cell, text, state, way) {
    const line = this.lines.get(cell);
    if (line) this.write(cell, line, text, state, way);
  }

  write(cell, line, text, state, way) {
    const said = way ? `${text} ${way[0]}` : text;
    if (line.textContent !== said) {
      line.textContent = way ? `${text} ` : text;
      if (way) {
        const button = document.createElement('button');
        Object.assign(button, { type: 'button', textContent: way[0], onclick: way[1] });
        line.append(button);
      }
    }
    line.dataset.state = cell.dataset.livebook = state;
  }
}

// A cell that failed: said above its figure as built.
export function showCellError(cell, error, number) {
  const lead = `Cell ${number} of this page failed here; the figure is as built and its controls are off.`;
  place(cell, renderError(error, lead));
}

// A callback that failed: the picture is the last good one, and the next move may well work.
export function showCallbackError(cell, error) {
  clearCallbackError(cell);
  const notice = renderError(error, 'The last change could not be computed; the figure shows its last good state.');
  notice.classList.add('livebook-callback-error');
  place(cell, notice);
}

function place(cell, notice) {
  notice.setAttribute('role', 'alert');
  const line = cell.querySelector(':scope > .livebook-status');
  if (line) line.after(notice);
  else cell.prepend(notice);
}

export function clearCallbackError(cell) {
  cell.querySelector(':scope > .livebook-callback-error')?.remove();
}
