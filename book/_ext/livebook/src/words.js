// Every sentence that a reader may see about the state of a page.

const megabytes = (bytes) => Math.round(bytes / 1e6);

export const words = {
  arriving({ bytes, total }) {
    if (!total) return `Figures as built. Python starts in this page: ${megabytes(bytes)} MB so far.`;
    if (bytes >= total) return 'Figures as built. Python starts in this page: all here, getting ready.';
    return `Figures as built. Python starts in this page: ${megabytes(bytes)} of ${megabytes(total)} MB.`;
  },
  connecting: 'Figures as built. Connecting to Python on this computer.',
  live: { page: 'Live: Python runs in this page.', server: 'Live: Python runs on this computer.' },
  sheet: {
    page: 'Live: change a cell and run it with Shift+Enter. Python runs in this page; your browser keeps what you type, and nothing leaves it.',
    server: 'Live: change a cell and run it with Shift+Enter. Python runs on this computer; your browser keeps what you type.',
  },
  failed: 'Not live: see below.',
  fromDisk: 'Figures as built: opened from disk, where browsers run no Python. Serve the book to move the controls.',
  noPython: (where, why) => `Figures as built: Python could not start ${where}. The controls are off. (${why})`,
  gone: (why) => `Figures as last computed: ${why}. The controls are off; reload the page to go on.`,
  pressed: 'Figures as built. Noted; it is answered as soon as Python is here.',
};
