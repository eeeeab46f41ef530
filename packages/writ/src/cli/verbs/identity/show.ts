import type { IdentitiesFlags } from '../../identities.js';
import { subverb } from '../../verb.js';

export default subverb('show', 'show an identity: what it did, its owner, credentials and approvals')
  .argument('<identity>', 'identity, as Agent::"planner"')
  .asksService('admin')
  .printsJson()
  .runs(async (name: string, flags: IdentitiesFlags) => (await import('../../identities.js')).identity(name, flags));
