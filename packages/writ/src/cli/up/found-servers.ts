import { homedir } from 'node:os';
import { type DeclaredServer, declaredServers, isSameServer, type ServerPlace } from '../clients/declared-servers.js';
import { CLIENTS, configsOn } from '../clients/known.js';
import { UsageError } from '../errors.js';

/** A server that a bundle is to stand before. */
export interface FoundServer {
  /** Its name in the bundle. */
  readonly name: string;
  readonly declared: Omit<DeclaredServer, 'place'>;
  /** The places where clients have it; empty if it was named on the command line. */
  readonly places: readonly ServerPlace[];
}

interface ServerFlags {
  readonly server?: readonly string[];
  readonly url?: readonly string[];
  readonly client?: readonly string[];
}

/**
 * Returns the servers that were named on the command line; without any, those of the clients on this machine, each once.
 *
 * @throws {UsageError} if the command line names them wrongly
 */
export function foundServers(flags: ServerFlags, command: readonly string[]): FoundServer[] {
  const unknown = flags.client?.find((name) => !(CLIENTS as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new UsageError(`the client ${unknown} is not known`, `those are ${CLIENTS.join(', ')}`);
  const named = [...(flags.url ?? []).map(atUrl), ...commandsIn(flags.server ?? [], command)];
  return named.length > 0 ? named : ofClients(flags.client);
}

function atUrl(text: string): FoundServer {
  const [, name = '', url = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === '' || !URL.canParse(url))
    throw new UsageError(`--url ${text} has no name and no URL`, 'as --url tickets=https://tickets.example/mcp');
  return { name: nameOf(name), declared: { url, args: [], env: {}, headers: {}, isSse: false }, places: [] };
}

/**
 * Returns the servers of `--server NAME -- COMMAND --server NAME -- COMMAND`. After the first `--` everything is an operand, so the names
 * of the second and later ones are among these.
 */
function commandsIn(names: readonly string[], operands: readonly string[]): FoundServer[] {
  if (names.length === 0 && operands.length === 0) return [];
  const [first] = names;
  if (first === undefined || names.length > 1 || operands.length === 0)
    throw new UsageError('each server has a name and a command', 'as --server files -- COMMAND --server db -- COMMAND');
  const found: { name: string; command: string[] }[] = [{ name: first, command: [] }];
  for (let i = 0; i < operands.length; i += 1) {
    const [flag, name, dashes] = operands.slice(i, i + 3);
    if (flag === '--server' && name !== undefined && dashes === '--') {
      found.push({ name, command: [] });
      i += 2;
    } else found.at(-1)?.command.push(flag as string);
  }
  return found.map(({ name, command: [command, ...args] }) => {
    if (command === undefined) throw new UsageError(`the server ${name} has no command`, '--server NAME -- COMMAND');
    return { name: nameOf(name), declared: { command, args, env: {}, headers: {}, isSse: false }, places: [] };
  });
}

function ofClients(clients: readonly string[] | undefined): FoundServer[] {
  const where = { home: homedir(), project: process.cwd(), platform: process.platform, env: process.env };
  const all = configsOn(where, clients).flatMap(declaredServers);
  const found: { declared: DeclaredServer; places: ServerPlace[] }[] = [];
  for (const declared of all) {
    const same = found.find((one) => isSameServer(one.declared, declared));
    if (same === undefined) found.push({ declared, places: [declared.place] });
    else same.places.push(declared.place);
  }
  const taken = new Set<string>();
  return found.map(({ declared: { place, ...declared }, places }) => {
    const plain = nameOf(place.name);
    let name = plain;
    for (let i = 2; taken.has(name); i += 1) name = `${plain}-${i}`;
    taken.add(name);
    return { name, declared, places };
  });
}

/** Returns the name that a bundle can have for a server. */
function nameOf(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+/, '')
      .slice(0, 48) || 'server'
  );
}
