import { parse, patch } from '@decimalturn/toml-patch';

type Json = Readonly<Record<string, unknown>>;

/** Parses a text of TOML. @throws {Error} with the place */
export function tomlIn(text: string): unknown {
  return parse(text);
}

/**
 * Returns the text with other commands for some servers. The rest, comments too, is unchanged.
 *
 * @param path of the object with the servers, by their names
 * @throws {Error} if the edit would change anything else
 */
export function tomlWithCommands(
  text: string,
  path: readonly string[],
  commands: ReadonlyMap<string, readonly string[]>,
): string {
  const changed = (
    from: string,
    change: (server: Record<string, unknown>, command: readonly string[]) => void,
  ): string =>
    tomlChanged(from, path, (servers) => {
      for (const [name, command] of commands) change(servers[name] as Record<string, unknown>, command);
    });
  // An array of several lines with comments is removed before the new one is written.
  const without = changed(text, (server) => {
    delete server.args;
  });
  return changed(without, (server, [command, ...args]) => {
    server.command = command;
    server.args = args;
  });
}

/**
 * Returns a text of TOML with its servers changed. The rest, comments too, is unchanged.
 *
 * @throws {Error} if the edit would change anything else
 */
export function tomlChanged(
  text: string,
  path: readonly string[],
  change: (servers: Record<string, unknown>) => void,
): string {
  const whole = parse(text) as Json;
  change(path.reduce((at, member) => at[member] as Json, whole) as Record<string, unknown>);
  const after = patch(text, whole);
  // The editor is a dependency and the file is the user's: the whole result is compared.
  if (plain(parse(after)) !== plain(whole)) throw new Error('it cannot be changed without changing more of it');
  return after;
}

/** In one way of writing it, whatever the order of members. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) => {
    if (typeof one === 'bigint') return `${one}n`;
    if (typeof one !== 'object' || one === null || Array.isArray(one) || one instanceof Date) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
