import { verb } from '../verb.js';

export default verb('task', 'Identities', 'start, list and end tasks, and read their tokens');
