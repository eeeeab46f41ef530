export { type Changed, type ChangeResult, changeInput, changeValue, digest } from './changes.js';
export { withoutDataUrls } from './data-urls.js';
export { ObligationError } from './errors.js';
export { applyObligation, changeOf, isOfTexts, obligationsOn } from './transform.js';
