import { verb } from '../verb.js';

export default verb('enforce', 'Start here', 'enforce the decisions of a service elsewhere, beside a workload');
