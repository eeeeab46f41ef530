import type { RevocationFlags } from '../revoke.js';
import { verb } from '../verb.js';

export default verb('revocations', 'Identities', 'list revocations, the newest first')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: RevocationFlags) => (await import('../revoke.js')).listRevocations(flags));
