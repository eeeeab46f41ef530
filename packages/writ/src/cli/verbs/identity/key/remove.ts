import type { KeyFlags } from '../../../key.js';
import { subverb } from '../../../verb.js';

export default subverb('remove', 'remove a key: links that it signed are worth nothing from now on')
  .argument('<thumbprint>', 'thumbprint of the key (RFC 7638)')
  .printsJson()
  .asksService('admin')
  // One thumbprint in 64 begins with a dash, and one in 4,096 with -h.
  .helpOption('--help', 'display help for command')
  .allowUnknownOption()
  .runs(async (thumbprint: string, flags: KeyFlags) => (await import('../../../key.js')).removeKey(thumbprint, flags));
