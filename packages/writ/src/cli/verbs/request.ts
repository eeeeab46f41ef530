import { verb } from '../verb.js';

export default verb('request', 'People', 'approve and deny what waits for a person; list approvals');
