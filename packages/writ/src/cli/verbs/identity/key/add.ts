import type { KeyFlags } from '../../../key.js';
import { subverb } from '../../../verb.js';

export default subverb('add', 'register a public key of an identity')
  .argument('<file>', 'file with the key as JWK: EC on P-256 or Ed25519; - for standard input')
  .needs('--identity <entity>', 'owner of the key, as in Agent::"planner"')
  .printsJson()
  .asksService('admin')
  .runs(async (file: string, flags: KeyFlags & { identity: string }) =>
    (await import('../../../key.js')).addKey(file, flags),
  );
