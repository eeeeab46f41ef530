import { verb } from '../verb.js';

export default verb('ledger', 'Decisions', 'inspect the accumulators');
