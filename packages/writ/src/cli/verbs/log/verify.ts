import type { VerifyFlags } from '../../log.js';
import { subverb } from '../../verb.js';

export default subverb(
  'verify',
  'verify a receipt, the folder of a log, or the log of a store; report each change and its place',
)
  .argument('[path]', 'receipt or folder; the default is the store in --data')
  .option('--key <key>', 'public key of the log, or its file log.pub; the default is the key in --data')
  .option('--state', 'also make the state again from the log, and compare it with the tables of the store')
  .option('--witness <key...>', 'public keys of witnesses that must have signed too')
  .option('--since <file>', 'file with an earlier checkpoint that the log must extend')
  .readsSealed()
  .printsJson()
  .runs(async (path: string | undefined, flags: VerifyFlags) => (await import('../../log.js')).verify(path, flags));
