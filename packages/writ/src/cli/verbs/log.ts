import { verb } from '../verb.js';

export default verb('log', 'Decisions', 'inspect the log of records: checkpoint, export, proofs');
