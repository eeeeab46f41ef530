import type { UpFlags } from '../up.js';
import { GATEWAY_PORT, portIn, SERVICE_PORT, verb } from '../verb.js';

export default verb('up', 'Start here', 'stand before the MCP servers of your clients; observe, enforce')
  .argument('[command...]', 'command of the first --server, after --; more follow as --server NAME -- COMMAND')
  .option('--server <name...>', 'name of a server to stand before, instead of those of the clients')
  .option('--url <name=url...>', 'server over HTTP to stand before, as tickets=https://tickets.example/mcp')
  .option('--client <name...>', 'only the servers of these clients')
  .option('--owner <person>', 'somebody else, who answers for the agents; without one, you confirm what a rule stops')
  .option('--bundle <dir>', 'folder of the bundle; it is drafted if it is not there', './my-servers')
  .option('--data <dir>', 'folder for the store and the keys', './data')
  .option('--observe [time]', 'record and stop nothing for this time at the first start, as in 30m', true)
  .option('--no-observe', 'let the rules hold from the beginning')
  .option('--connect', 'put the gateway into the configurations of the clients, instead of the servers')
  .option('--port <n>', 'port of the service; 0 for any', portIn, SERVICE_PORT)
  .option('--gateway-port <n>', 'port of the gateway on 127.0.0.1; 0 for any', portIn, GATEWAY_PORT)
  .option('--log-level <level>', 'fatal, error, warn, info, debug', 'warn')
  .runs(async (command: string[], flags: UpFlags) => (await import('../up.js')).up(command, flags));
