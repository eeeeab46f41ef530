import type { GrantsFlags } from '../../grant.js';
import { subverb } from '../../verb.js';

export default subverb('show', 'show a tool, and how it changed since it was approved')
  .argument('<tool>', 'tool, as server/tool')
  .asksService('admin')
  .printsJson()
  .runs(async (name: string, flags: GrantsFlags) => (await import('../../tools.js')).showTool(name, flags));
