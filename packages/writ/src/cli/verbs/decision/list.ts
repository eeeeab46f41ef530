import type { DecisionsFlags } from '../../decisions.js';
import { subverb } from '../../verb.js';

export default subverb('list', 'list decisions, the newest first')
  .option('--since <time>', 'from this time on, or that long ago, as 2h')
  .option('--until <time>', 'before this time')
  .option('--result <result>', 'allow, modify, step_up, defer or deny')
  .option('--identity <entity>', 'identity on the delegation path, as Agent::"planner"')
  .option('--originator <entity>', 'person that the work was for')
  .option('--task <id>', 'transaction or task')
  .option('--session <id>', 'session')
  .option('--action <name>', 'action')
  .option('--tool <name>', 'MCP server, or server/tool')
  .option('--resource <entity>', 'resource of the action')
  .option('--policy <id>', 'policy that determined the decision')
  .option('--policy-version <version>', 'version of the bundle')
  .option('--enforcement-point <name>', 'caller that asked')
  .option('--limit <n>', 'at most this many', '50')
  .option('--before <id>', 'continue after the page that ended here')
  .option('--follow', 'print decisions as they are made')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: DecisionsFlags) => (await import('../../decisions.js')).decisions(flags));
