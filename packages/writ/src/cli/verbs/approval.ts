import { verb } from '../verb.js';

export default verb('approval', 'People', 'list and end the approvals that were given');
