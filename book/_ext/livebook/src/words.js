// Every sentence that a reader may see about the state of a page.

const megabytes = (bytes) => Math.round(bytes / 1e6);

export const words = {
  arriving({ bytes, total }) {
    if (!total) return `Figures as built. Python starts in this page: ${megabytes(bytes)} MB so far.`;
    if (bytes >= total) return 'Figures as built. Python starts in this page: all here, getting ready.';
    return `Figures as built. Python starts in this page: ${megabytes(bytes)} of ${megabytes(total)} MB.`;
  },
  quiet: (seconds) => `Figures as built. Nothing more of Python has come for ${seconds} s: the network is slow, or has broken off.`,
  onceMore: 'Figures as built. The download of Python broke off; it is tried once more.',
  connecting: 'Figures as built. Connecting to Python on this computer.',
  live: { page: 'Live: Python runs in this page.', server: 'Live: Python runs on this computer.' },
  doingAgain: (index, all) => `Figures as built. What you had done here is done again: ${index + 1} of ${all}.`,
  doneAgain: 'What you had done here before stands again.',
  partlyAgain: 'Of what you had done here before, a part could not be done again.',
  sheet: {
    page: 'Live: change a cell and run it with Shift+Enter. Python runs in this page; your browser keeps what you type, and nothing leaves it.',
    server: 'Live: change a cell and run it with Shift+Enter. Python runs on this computer; your browser keeps what you type.',
  },
  failed: 'Not live: see below.',
  fromDisk: 'Figures as built: opened from disk, where browsers run no Python. Serve the book to move the controls.',
  noPython: (where, why) => `Figures as built: Python could not start ${where}. The controls are off. (${why})`,
  noWebAssembly: 'this browser has WebAssembly switched off, in which Python runs here',
  noWorkers: 'this browser starts no workers, in which Python runs here',
  updated: 'the book has changed since this page was loaded',
  noServer: 'the local server does not answer',
  gone: (why) => `Figures as last computed: ${why}. The controls are off; reload the page to go on.`,
  pressed: 'Figures as built. Noted; it is answered as soon as Python is here.',
  tryAgain: 'Try again',
  reload: 'Reload the page',
  startAfresh: 'Start afresh',
};
