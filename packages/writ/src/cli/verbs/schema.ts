import { verb } from '../verb.js';

export default verb('schema', 'Bundles', 'generate the part of a schema that follows from something else');
