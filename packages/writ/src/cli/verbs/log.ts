import { verb } from '../verb.js';

export default verb('log', 'Decisions', 'give proof of decisions, verify the log, erase a person');
