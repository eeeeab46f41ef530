import { shellWord } from './shell-word.js';

/** The options of the command that runs, by the names that the service has for them. */
let options: ReadonlyMap<string, string> = new Map();

/** Sets the options of the command that runs, as `--until`. */
export function setOptions(flags: readonly string[]): void {
  options = new Map(flags.map((flag) => [camelCase(flag.replace(/^--/, '')), flag]));
}

/** The words of the service for its HTTP interface that a command has others for. */
const PLACES = /\bbody\.([A-Za-z]\w*(?:\.\w+)*)/g;
const QUERY = /^([A-Za-z]+)(?=: )/;
const MEMBER = /\bsend (?:its )?([A-Za-z]+)(?:: true)?/g;
const TOKEN = 'send their own access token';

/** Returns a message of the service about its HTTP interface as one about the options of the command. */
export function inOptions(message: string): string {
  return message
    .replaceAll(PLACES, (_, name: string) => options.get(name) ?? `\`${name}\``)
    .replace(QUERY, (name) => options.get(name) ?? name)
    .replaceAll(MEMBER, (whole, name: string) => (options.has(name) ? `give ${options.get(name)}` : whole))
    .replace(TOKEN, (whole) => (options.has('token') ? 'give the access token of that person with --token' : whole));
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Returns options as they were given on the command line, in this order, with the names that the service has for them. */
export function given(flags: Readonly<Partial<Record<string, unknown>>>, names: readonly string[]): string {
  return names
    .flatMap((name) => {
      const value = flags[name];
      return typeof value === 'string' ? [`${optionOf(name)} ${shellWord(value)}`] : [];
    })
    .join(' ');
}

/** Returns the option of a name that the service has for it. */
export function optionOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
