// A live page: the built figures at once, then the same cells in a kernel. The order is told in `page.js`.
import '@lumino/widgets/style/index.css';
import '@jupyter-widgets/controls/css/widgets-base.css';
import '@jupyter-widgets/controls/css/labvariables.css';
import './livebook.css';
import { openPage } from './page.js';

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', openPage);
else openPage();
