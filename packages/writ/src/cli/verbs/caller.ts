import { verb } from '../verb.js';

export default verb('caller', 'Identities', 'list callers and clients; make, rotate and revoke their keys');
