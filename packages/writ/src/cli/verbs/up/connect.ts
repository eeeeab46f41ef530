import type { ConnectFlags } from '../../connect.js';
import { GATEWAY_PORT, subverb } from '../../verb.js';

export default subverb('connect', 'point the configurations of clients at the gateway')
  .option('--data <dir>', 'folder with the keys', './data')
  .option('--gateway <url>', 'URL of the gateway', `http://127.0.0.1:${GATEWAY_PORT}/mcp`)
  .option('--client <name...>', 'only these clients')
  .option('--undo', 'take the gateway out, and put the servers back')
  .option('--no-check', 'write the gateway in although it does not answer now')
  .option('--dry-run', 'show the changes, and what to write by hand')
  .printsJson()
  .runs(async (flags: ConnectFlags) => (await import('../../connect.js')).connect(flags));
