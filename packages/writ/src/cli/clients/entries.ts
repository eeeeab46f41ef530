import { applyEdits, modify, type ParseError, parse, printParseErrorCode, visit } from 'jsonc-parser';
import { ClientConfigError } from '../errors.js';
import type { ClientConfig } from './known.js';
import { tomlIn, tomlWithCommands } from './toml-entries.js';

/** A server in the configuration of a client. */
export interface ServerEntry {
  readonly name: string;
  /** `stdio`: it has a command. `guarded`: that is ours. `http`: it is somewhere else. `other`: neither. */
  readonly kind: 'stdio' | 'guarded' | 'http' | 'other';
  readonly command: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Returns the servers in the text of a configuration: JSON that may have comments and trailing commas, or TOML.
 *
 * @throws {ClientConfigError} with the place, if the text is neither
 */
export function entriesIn(config: ClientConfig, text: string): ServerEntry[] {
  return membersIn(config, text).map(([name, value]) => entryOf(name, value));
}

/** Returns the servers in the text of a configuration as they are written. @throws {ClientConfigError} as {@link entriesIn} */
export function membersIn({ file, path }: ClientConfig, text: string): [name: string, value: Json][] {
  const servers = path.reduce((at, member) => objectIn(at[member]), parsed(file, text));
  return Object.entries(servers).map(([name, value]) => [name, objectIn(value)]);
}

function entryOf(name: string, entry: Json): ServerEntry {
  const { command, args, url, serverUrl, httpUrl } = entry;
  if (typeof command === 'string') {
    const given = Array.isArray(args) ? args.map(String) : [];
    const whole = [command, ...given];
    return { name, kind: guardIn(whole) === undefined ? 'stdio' : 'guarded', command: whole };
  }
  return {
    name,
    kind: [url, serverUrl, httpUrl].some((one) => typeof one === 'string') ? 'http' : 'other',
    command: [],
  };
}

/** Returns the command that a guard runs; undefined if the command is not a guard. */
export function guardIn(command: readonly string[]): readonly string[] | undefined {
  const at = command.indexOf('guard');
  const end = command.indexOf('--');
  const isOurs = command.slice(0, at).some((part) => /(?:^|[\\/])writ(?:\.js|\.cmd)?$/.test(part));
  return at > 0 && isOurs && end > at && end + 1 < command.length ? command.slice(end + 1) : undefined;
}

/** The text with another command for some servers; everything else, comments too, as it was. */
export function withCommands(
  { file, path }: ClientConfig,
  text: string,
  commands: ReadonlyMap<string, readonly string[]>,
): string {
  parsed(file, text);
  if (isToml(file)) {
    try {
      return tomlWithCommands(text, path, commands);
    } catch (error) {
      throw new ClientConfigError(`${file}: ${(error as Error).message}`, 'it is left as it is; change it by hand');
    }
  }
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const formattingOptions = { insertSpaces: !indent.includes('\t'), tabSize: indent.length, eol: '\n' };
  let edited = text;
  for (const [name, [command, ...args]] of commands) {
    edited = applyEdits(edited, modify(edited, [...path, name, 'command'], command, { formattingOptions }));
    edited = applyEdits(edited, modify(edited, [...path, name, 'args'], args, { formattingOptions }));
  }
  return edited;
}

export const isToml = (file: string): boolean => file.endsWith('.toml');

/** Returns the content of a configuration. @throws {ClientConfigError} if programs would read it in different ways */
export function parsed(file: string, text: string): Json {
  if (isToml(file)) {
    try {
      return objectIn(tomlIn(text));
    } catch (error) {
      const { line, column, message } = error as { line?: number; column?: number; message: string };
      const why = message.split('\n').at(-1);
      throw new ClientConfigError(`${file}:${line ?? 1}:${column ?? 1}: ${why}`, 'it is left as it is; mend it first');
    }
  }
  const errors: ParseError[] = [];
  const value: unknown = parse(text === '' ? '{}' : text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) {
    const before = text.slice(0, error.offset).split('\n');
    const place = `${file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    throw new ClientConfigError(`${place}: ${printParseErrorCode(error.error)}`, 'it is left as it is; mend it first');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ClientConfigError(`${file} is not an object`, 'it is left as it is; mend it first');
  refuseAmbiguous(file, text);
  return value as Json;
}

/**
 * Refuses a key that an object has twice, because an editor changes the first and a client reads the last; and `__proto__`, which
 * a client reads as a server and many parsers pass over.
 */
function refuseAmbiguous(file: string, text: string): void {
  const objects: Set<string>[] = [];
  visit(text, {
    onObjectBegin: () => {
      objects.push(new Set());
    },
    onObjectEnd: () => objects.pop(),
    onObjectProperty: (key, _offset, _length, line, character) => {
      const place = `${file}:${line + 1}:${character + 1}`;
      if (objects.at(-1)?.has(key))
        throw new ClientConfigError(`${place}: the key ${JSON.stringify(key)} is given twice`, 'remove one of the two');
      if (key === '__proto__')
        throw new ClientConfigError(`${place}: ${key} is no name that every program reads alike`, 'rename the server');
      objects.at(-1)?.add(key);
    },
  });
}

function objectIn(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
