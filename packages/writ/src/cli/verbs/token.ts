import { verb } from '../verb.js';

export default verb('token', 'Identities', 'inspect transaction tokens');
