import { verb } from '../verb.js';

export default verb('caller', 'Identities', 'list callers and clients, and give out, rotate and revoke their keys');
