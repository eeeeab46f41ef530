import { verb } from '../verb.js';

export default verb('bundle', 'Bundles', 'decide, replay and label with a bundle; generate its schema');
