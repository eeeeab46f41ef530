import { subverb } from '../../verb.js';

export default subverb('key', 'register the public keys that identities sign delegation links with');
