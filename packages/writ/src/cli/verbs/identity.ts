import { verb } from '../verb.js';

export default verb('identity', 'Identities', 'list, register, change and suspend identities; their keys');
