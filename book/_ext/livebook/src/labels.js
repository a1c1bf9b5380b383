// Names for what ipywidgets leaves nameless: slider handles, and controls whose description is empty.

// The element of one widget: every view has this class of Lumino's (not all have `.jupyter-widgets`), and boxes,
// which hold widgets, have `.lm-Panel` as well.
export const WIDGET = '.lm-Widget:not(.lm-Panel)';

function name(control) {
  const widget = control.closest(WIDGET);
  const label = widget?.querySelector('.widget-label')?.textContent.trim();
  return label || widget?.title || widget?.querySelector('[title]')?.title || '';
}

function nameHandles(view) {
  for (const slider of view.querySelectorAll('.noUi-target')) {
    const handles = [...slider.querySelectorAll('.noUi-handle')];
    const readout = slider.closest(WIDGET)?.querySelector('.widget-readout')?.textContent.trim();
    handles.forEach((handle, index) => {
      const part = handles.length > 1 ? [', from', ', to'][index] : '';
      set(handle, 'aria-label', name(handle) + part);
      // noUiSlider reads out its own scale (a logarithm, or an index): say what the page shows.
      if (readout && handles.length === 1) set(handle, 'aria-valuetext', readout);
    });
  }
}

function set(element, attribute, value) {
  if (value && element.getAttribute(attribute) !== value) element.setAttribute(attribute, value);
}

export function nameControls(view) {
  nameHandles(view);
  for (const control of view.querySelectorAll('input, select, textarea')) {
    if (control.labels?.length && control.labels[0].textContent.trim()) continue;
    set(control, 'aria-label', name(control));
  }
}

// Now, and whenever a view changes: a panel may add controls, and a readout follows its slider.
export function keepNamed(root) {
  nameControls(root);
  new MutationObserver(() => nameControls(root)).observe(root, {
    childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['aria-valuetext'],
  });
}
