import { verb } from '../verb.js';

export default verb('data', 'Operation', 'back up, restore and upgrade the store of a service');
