import type { InitFlags } from '../init.js';
import { SERVICE_URL, verb } from '../verb.js';

export default verb('init', 'Start here', 'draft a bundle for the tools of an MCP server')
  .argument('<bundle>', 'folder to write the bundle to')
  .argument('[command...]', 'command of the server, after --; it is asked for its tools')
  .option('--tools <file>', 'file with the answer of tools/list instead; - for standard input')
  .option('--answers <file>', 'recorded answers of the tools: their fields are labelled one by one')
  .option('--prefix <text>', 'the `prefix` of the server: it is before the names of its tools')
  .option('--recorded <time>', 'permit only what a running service permitted in that time, as in 1h')
  .option('--service <url>', 'URL of that service; its gateway lists the tools', SERVICE_URL)
  .option('--key-file <file>', 'file with the key of an administrator', './data/keys/admin.key')
  .printsJson()
  .runs(async (bundle: string, command: string[], flags: InitFlags) =>
    (await import('../init.js')).init(bundle, command, flags),
  );
