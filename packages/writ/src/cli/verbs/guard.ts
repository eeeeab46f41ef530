import type { GuardFlags } from '../guard.js';
import { SERVICE_URL, verb } from '../verb.js';

export default verb('guard', 'Start here', 'run an MCP server over stdio; a service decides every call')
  // The options of `writ guard install` may stand on either side of `install`.
  .enablePositionalOptions(false)
  .argument('<command...>', 'command of the server, after --')
  .option('--for <entity>', 'person on whose behalf the agent works, as in User::"ana"')
  .option('--agent <entity>', 'agent at work, as in Agent::"support-bot"')
  .option('--service <url>', 'URL of the decision point', SERVICE_URL)
  .option(
    '--key-file <file>',
    'file with the key of the caller, which speaks for that agent and person; the default is ./data/keys/default.key',
  )
  .option('--bundle <dir>', 'use the mappings of this bundle')
  .option(
    '--data <dir>',
    'folder for what outlives the guard, and for ${data} in the bundle; the default is that of the key, and ./data',
  )
  .option('--server <name>', 'name of the server in the mappings and in `writ tool list`; the default is server')
  .option('--prompt', 'trust the prompt that the client sends (dev.writ/prompt)')
  .option(
    '--declared-mappings',
    'trust the mappings that the server declares (x-authzen-mapping), also if the service keeps no tools',
  )
  .runs(async (command: [string, ...string[]], flags: GuardFlags) =>
    (await import('../guard.js')).guard(command, flags),
  );
