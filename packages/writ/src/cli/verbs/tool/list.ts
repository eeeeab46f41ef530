import type { GrantsFlags } from '../../grant.js';
import { subverb } from '../../verb.js';

export default subverb('list', 'list the tools behind the gateway, and those that are suspended')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: GrantsFlags) => (await import('../../tools.js')).listTools(flags));
