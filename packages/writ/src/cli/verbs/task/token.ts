import type { InspectFlags } from '../../token.js';
import { SERVICE_URL, subverb } from '../../verb.js';

export default subverb('token', 'verify a token of a task and print its path as a tree')
  .argument('<token>', 'token, or - for standard input')
  .option('--service <url>', 'URL of the service whose keys verify the token', SERVICE_URL)
  .option('--key-file <file>', 'file with the key of an administrator, to read the keys of links')
  .printsJson()
  .runs(async (token: string, flags: InspectFlags) => (await import('../../token.js')).inspectToken(token, flags));
