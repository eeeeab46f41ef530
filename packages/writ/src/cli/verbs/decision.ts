import { verb } from '../verb.js';

export default verb('decision', 'Decisions', 'find decisions, decide them again, confirm their values');
