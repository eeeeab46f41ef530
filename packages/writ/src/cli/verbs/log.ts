import { verb } from '../verb.js';

export default verb('log', 'Decisions', 'proofs of decisions, the files of an incident, erasure');
