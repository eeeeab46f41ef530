import { existsSync, mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { uidText } from '@writ/cedar';
import pc from 'picocolors';
import { millisecondsOf } from '../lib/duration.js';
import { connectClients } from './connect.js';
import { InitError, UsageError } from './errors.js';
import type { ExitCode } from './exit.js';
import { bundleName, shown, writeFiles, writeSchemas } from './init/written.js';
import { observingText } from './observing-note.js';
import { count, print } from './output.js';
import { makeProcessPrivate } from './private-process.js';
import { type StartedWrit, start } from './start.js';
import { clientsOf, draftedFiles, personHere } from './up/drafted-files.js';
import { type FoundServer, foundServers } from './up/found-servers.js';
import { keepServers, keptServers } from './up/kept-servers.js';
import { listedServers } from './up/listed-servers.js';

export interface UpFlags {
  readonly bundle: string;
  readonly data: string;
  readonly server?: string[];
  readonly url?: string[];
  readonly client?: string[];
  /** Person who answers for the agents. */
  readonly owner?: string;
  /** For how long it observes; false for not at all, true for the usual time if it may. */
  readonly observe: string | boolean;
  readonly connect?: boolean;
  readonly port: number;
  readonly gatewayPort: number;
  readonly logLevel: string;
}

/** For how long a first start observes, unless another time is named. */
const USUAL_MS = 60 * 60_000;

/** `writ up`: drafts one bundle for the servers that the clients of this machine have, serves it, and observes at first. */
export async function up(command: readonly string[], flags: UpFlags): Promise<ExitCode> {
  const root = resolve(flags.bundle);
  const data = resolve(flags.data);
  const observeMs = observeMsIn(flags.observe);
  const isThere = existsSync(join(root, 'writ.yaml'));
  if (isThere && (flags.server !== undefined || flags.url !== undefined || command.length > 0))
    throw new UsageError(
      `${flags.bundle} is a bundle already`,
      `add a server with writ init ${flags.bundle} --server NAME -- COMMAND`,
    );
  if (isThere && flags.owner !== undefined)
    throw new UsageError(
      `${flags.bundle} is a bundle already`,
      `name the owner of an agent with writ identity set AGENT --owner ${flags.owner}`,
    );
  makeProcessPrivate();
  if (isThere) print(`${flags.bundle} is served as it is.`);
  else await draft(flags, root, data, foundServers(flags, command));
  return start({
    ...{ bundle: root, data, port: flags.port, gatewayPort: flags.gatewayPort, logLevel: flags.logLevel },
    ...(observeMs === undefined ? {} : { observeMs, isObservingOptional: typeof flags.observe !== 'string' }),
    started: (writ) => started(writ, flags),
  });
}

function observeMsIn(observe: string | boolean): number | undefined {
  if (typeof observe === 'boolean') return observe ? USUAL_MS : undefined;
  if (!/^[1-9][0-9]{0,8}(s|m|h)$/.test(observe))
    throw new UsageError(`"${observe}" is no time to observe for`, 'as in 30m, or 2h');
  return millisecondsOf(observe);
}

/** Drafts the bundle, and keeps beside the keys what must not be in it. */
async function draft(flags: UpFlags, root: string, data: string, found: readonly FoundServer[]): Promise<void> {
  if (found.length === 0)
    throw new InitError(
      'no client on this machine has an MCP server',
      'name them: writ up --server files -- COMMAND --server db -- COMMAND, or --url NAME=URL',
    );
  const person = personHere(flags.owner);
  print(`asking ${count(found.length, 'server')} for their tools …`);
  // Servers run in the folder of the bundle.
  mkdirSync(root, { recursive: true });
  const variables: Record<string, string> = {};
  const { listed, leftOut } = await listedServers(found, { bundle: root, data }, variables);
  for (const { found: one, why, help } of leftOut) {
    print(pc.yellow(`left out: ${one.name}: ${shown(why)}`));
    if (help !== undefined) print(pc.dim(`    ${shown(help)}`));
  }
  if (listed.length === 0) throw new InitError('none of the servers could be asked', 'try their commands by hand');
  const clients = clientsOf(
    listed.flatMap(({ found: one }) => one.places.map(({ client }) => client)),
    person,
  );
  const servers = new Map(listed.map(({ found: one, deployed }) => [one.name, deployed]));
  const tools = listed.flatMap((one) => one.tools);
  writeSchemas(root);
  writeFiles(root, draftedFiles(bundleName(root), tools, { servers, clients }));
  keepServers(data, {
    ...keptServers(data),
    variables,
    servers: listed.flatMap(({ found: { name: server, places } }) =>
      places.map(({ client, file, path, name }) => ({ server, client, file, path: [...path], name })),
    ),
  });
  for (const { found: one, deployed, tools: its } of listed) {
    const prefix = deployed.prefix === undefined ? '' : `, which begin with ${deployed.prefix}`;
    print(`  ${pc.bold(one.name)}  ${count(its.length, 'tool')}${prefix}`);
  }
  print(`${uidText(person.owner ?? person.for)} may approve what a rule stops (writ request list).`);
  print(`drafted into ${flags.bundle}, from names: go through its tools.yaml when there is time.\n`);
}

/** Prints the state of the service, and the next steps. */
async function started(writ: StartedWrit, flags: UpFlags): Promise<void> {
  const { gatewayUrl, observingUntil, notObserving } = writ;
  const here = (path: string): string => relative(process.cwd(), resolve(path)) || '.';
  if (gatewayUrl === undefined) throw new InitError(`${flags.bundle} has no servers`, 'writ init adds them');
  if (flags.connect === true)
    connectClients({ data: resolve(flags.data), gateway: gatewayUrl, keyOf: (client) => writ.keyFileOf(client) });
  else print(`connect the clients with:\n  writ up connect --data ${here(flags.data)} --gateway ${gatewayUrl}`);
  if (observingUntil === undefined) {
    print('The rules hold.');
    if (flags.observe !== false && notObserving !== undefined)
      print(`Nothing is observed: ${notObserving}. A service with another --data folder observes at first.`);
    return;
  }
  print(pc.yellow(pc.bold(`\n${observingText(observingUntil)}. What the rules say is recorded. Then they hold.`)));
  const ask = ` --service ${writ.serviceUrl} --key-file ${here(writ.keyFileOf('admin'))}`;
  print(`
Use your clients, then, in another terminal:
  writ decision list${ask}
This permits the tools that were used, and no other:
  writ init ${here(flags.bundle)} --recorded 1h${ask}
This serves it, and ends the observation:
  writ up enforce${ask}`);
}
