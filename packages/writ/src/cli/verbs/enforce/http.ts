import type { EnforceHttpFlags } from '../../enforce-http/enforce-http.js';
import { HTTP_PORT, portIn, SERVICE_URL, subverb } from '../../verb.js';

export default subverb('http', 'run the proxy of a bundle for HTTP beside a workload; a service decides')
  .needs('--bundle <dir>', 'folder of the bundle whose services it stands before')
  .readsEnvironment()
  .option('--service <url>', 'URL of the decision point', SERVICE_URL)
  .needs('--key-file <file>', 'file with the key of the caller that this proxy is at the service')
  .option('--ca <file>', 'authority of the certificate of the service, PEM')
  .option('--for <entity>', 'person for whom all requests are, as in User::"ana"; by default each brings a credential')
  .option('--agent <entity>', 'agent that sends all requests, as in Agent::"bot"')
  .option('--port <n>', 'port of the proxy; 0 for any', portIn, HTTP_PORT)
  .option('--host <address>', 'address that it listens on', '127.0.0.1')
  .option('--tls-cert <file>', 'certificate of the proxy, PEM')
  .option('--tls-key <file>', 'private key of the certificate, PEM')
  .option('--behind-tls', 'a proxy in front of it ends TLS')
  .option('--data <dir>', 'folder that keeps what was refused while the service was away, also over a restart')
  .option('--log-level <level>', 'fatal, error, warn, info, debug', 'info')
  .runs(async (flags: EnforceHttpFlags) => (await import('../../enforce-http/enforce-http.js')).enforceHttp(flags));
