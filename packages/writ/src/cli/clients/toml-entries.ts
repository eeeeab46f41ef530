import { parse, patch } from '@decimalturn/toml-patch';

type Json = Readonly<Record<string, unknown>>;

/** What a text of TOML says. @throws {Error} with the place */
export function tomlIn(text: string): unknown {
  return parse(text);
}

/**
 * The text with another command for some servers; everything else, comments too, as it was.
 *
 * @param path where the servers are, by their names
 * @throws {Error} when the text would say anything else besides
 */
export function tomlWithCommands(
  text: string,
  path: readonly string[],
  commands: ReadonlyMap<string, readonly string[]>,
): string {
  const changed = (
    from: string,
    change: (server: Record<string, unknown>, command: readonly string[]) => void,
  ): string => {
    const whole = parse(from) as Json;
    const servers = path.reduce((at, member) => at[member] as Json, whole);
    for (const [name, command] of commands) change(servers[name] as Record<string, unknown>, command);
    const after = patch(from, whole);
    // The editor is somebody else's, and the file is the user's: what it says is compared whole.
    if (plain(parse(after)) !== plain(whole)) throw new Error('it cannot be changed without changing more of it');
    return after;
  };
  // An array in several lines, with comments in it, is taken away before another is put there.
  const without = changed(text, (server) => {
    delete server.args;
  });
  return changed(without, (server, [command, ...args]) => {
    server.command = command;
    server.args = args;
  });
}

/** In one way of writing it, whatever the order of members. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) => {
    if (typeof one === 'bigint') return `${one}n`;
    if (typeof one !== 'object' || one === null || Array.isArray(one) || one instanceof Date) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
