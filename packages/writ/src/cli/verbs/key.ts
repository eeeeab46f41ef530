import { verb } from '../verb.js';

export default verb('key', 'Identities', 'register the public keys that identities sign delegation links with');
