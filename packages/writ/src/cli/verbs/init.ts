import type { InitFlags } from '../init.js';
import { SERVICE_URL, verb } from '../verb.js';

export default verb('init', 'Start here', 'draft a bundle for an MCP server or a service over HTTP')
  .argument('<bundle>', 'folder to write the bundle to; if it is one already, the server is added to it')
  .argument('[command...]', 'command of the server, after --; it is asked for its tools')
  .option('--tools <file>', 'file with the answer of tools/list instead; - for standard input')
  .option('--answers <file>', 'recorded answers of the tools: their fields are labelled one by one')
  .option('--prefix <text>', 'the `prefix` of the server: it is before the names of its tools')
  .option('--server <name>', 'name of the server in the bundle; by default that of its package or program')
  .option('--url <name=url...>', 'server over HTTP to add, as tickets=https://tickets.example/mcp')
  .option('--no-prompts', 'rules for clients that do not send what their users asked for; most do not')
  .option('--openapi <file>', 'draft for a service over HTTP instead, from its OpenAPI document')
  .option('--upstream <url>', 'address of that service, as http://127.0.0.1:8080; by default that of the document')
  .option('--pack <name>', 'begin with a whole pack instead: coding-agent or postgres-reader')
  .option('--recorded <time>', 'permit only what a running service permitted in that time, as in 1h')
  .option('--for <person>', 'person that the agent works for, as User::"ana"; the default is User::"user"')
  .option('--agent <agent>', 'agent at work, as Agent::"planner"; the default is Agent::"agent"')
  .option('--owner <person>', 'somebody else, who answers for the agent and may approve what it is stopped in')
  .option('--service <url>', 'URL of that service; its gateway lists the tools', SERVICE_URL)
  .option('--key-file <file>', 'file with the key of an administrator', './data/keys/admin.key')
  .option('--data <dir>', 'folder for values of servers that a bundle must not have', './data')
  .printsJson()
  .runs(async (bundle: string, command: string[], flags: InitFlags) =>
    (await import('../init.js')).init(bundle, command, flags),
  );
