import { Option } from 'commander';
import { IDENTITY_FLAGS, IDENTITY_KINDS } from '../../../registry/identity-kinds.js';
import type { IdentitiesFlags } from '../../identities.js';
import { subverb } from '../../verb.js';

export default subverb('list', 'list identities, their owners, and what is wrong with them')
  .addOption(new Option('--kind <kind>', 'only of this kind').choices([...IDENTITY_KINDS]))
  .addOption(new Option('--flag <flag>', 'only those with this problem').choices([...IDENTITY_FLAGS]))
  .option('--state <state>', 'active, dormant, suspended, retired or unregistered')
  .option('--owner <owner>', 'only those of this owner')
  .option('--team <team>', 'only those of this team')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: IdentitiesFlags) => (await import('../../identities.js')).listIdentities(flags));
