import { subverb } from '../../verb.js';

export default subverb('grant', 'give roles for some time, list and end grants');
