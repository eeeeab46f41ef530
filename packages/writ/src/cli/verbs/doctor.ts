import type { DoctorFlags } from '../doctor.js';
import { GATEWAY_PORT, SERVICE_URL, verb } from '../verb.js';

export default verb('doctor', 'Start here', 'diagnose the machine, a bundle, the service and the clients')
  .option('--bundle <dir>', 'folder of the bundle; its servers are started and stopped again')
  .readsEnvironment()
  .option('--data <dir>', 'folder with the store and the keys', './data')
  .option('--service <url>', 'URL of the service', SERVICE_URL)
  .option('--gateway <url>', 'URL of the gateway', `http://127.0.0.1:${GATEWAY_PORT}/mcp`)
  .option('--key-file <file>', 'file with the key of an enforcement point; the default is the key in --data')
  .option('--envoy <file>', 'configuration of Envoy, as YAML or JSON: finds what opens in it, and nothing else')
  .printsJson()
  .runs(async (flags: DoctorFlags) => (await import('../doctor.js')).doctor(flags));
