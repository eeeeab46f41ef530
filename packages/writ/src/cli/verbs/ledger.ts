import { verb } from '../verb.js';

export default verb('ledger', 'Decisions', 'show what was done so far, and the labels of data');
