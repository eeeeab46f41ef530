export { AttemptFolder } from './attempt-folder.js';
export { type AttemptReason, Attempts, handedInShape } from './attempts.js';
export { AttemptsToHandIn } from './hand-in.js';
export { handInTo } from './hand-in-to-service.js';
