import { subverb } from '../../verb.js';

export default subverb('approval', 'list and end the approvals that were given');
