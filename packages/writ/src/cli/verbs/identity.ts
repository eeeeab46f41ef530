import { verb } from '../verb.js';

export default verb('identity', 'Identities', 'list, register, suspend identities; their keys and grants');
