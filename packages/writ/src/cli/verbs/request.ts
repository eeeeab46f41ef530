import { verb } from '../verb.js';

export default verb('request', 'People', 'list, approve and deny requests that wait for a person');
