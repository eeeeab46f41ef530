import { Option } from 'commander';
import { IDENTITY_KINDS, SET_STATES } from '../../../registry/identity-kinds.js';
import type { IdentityFlags } from '../../identities.js';
import { subverb } from '../../verb.js';

export default subverb('set', 'register or change an identity')
  .argument('<identity>', 'identity, as Agent::"planner"')
  .addOption(new Option('--kind <kind>', 'kind; registers it').choices([...IDENTITY_KINDS]))
  .option('--owner <owner>', 'owner, who answers for it')
  .option('--team <team>', 'team')
  .option('--purpose <text>', 'purpose')
  .option('--parent <identity>', 'agent that it is a version or an instance of')
  .option('--agent-version <version>', 'version')
  .option('--manifest <hash>', 'hash of its manifest')
  .addOption(
    new Option('--state <state>', 'state; a suspended or retired identity may do nothing').choices([...SET_STATES]),
  )
  .asksService('admin')
  .printsJson()
  .runs(async (name: string, flags: IdentityFlags) => (await import('../../identities.js')).setIdentity(name, flags));
