import type { GrantsFlags } from '../grant.js';
import { verb } from '../verb.js';

export default verb('tools', 'Tools', 'list the tools behind the gateway, or show how one of them changed')
  .argument('[tool]', 'tool, as server/tool')
  .asksService('admin')
  .printsJson()
  .runs(async (name: string | undefined, flags: GrantsFlags) => (await import('../tools.js')).showTools(name, flags));
