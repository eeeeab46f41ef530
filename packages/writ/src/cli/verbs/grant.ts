import { verb } from '../verb.js';

export default verb('grant', 'Identities', 'give roles for some time, list and end grants');
