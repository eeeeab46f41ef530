import { Command, InvalidArgumentError, type Option } from 'commander';
import pc from 'picocolors';
import type { ExitCode } from './exit.js';
import { setOptions } from './option-words.js';

/** The groups of `writ --help`, in their order. */
export const GROUPS = [
  ...(['Start here', 'Bundles', 'Decisions', 'People', 'Identities', 'Tools', 'Incidents', 'Operation'] as const),
] as const;
type Group = (typeof GROUPS)[number];

export const SERVICE_PORT = 7465;
export const GATEWAY_PORT = 7466;
export const HTTP_PORT = 7467;
export const CHECK_PORT = 7468;
export const SERVICE_URL = `http://127.0.0.1:${SERVICE_PORT}`;

/**
 * A verb of the command line. A file below `verbs` declares one as its default export; `writ` finds the files by itself.
 * `writ --help` loads every declaration, so the work is imported inside the function that is given to `runs`.
 */
export class Verb extends Command {
  private readonly needed: Option[] = [];

  constructor(name?: string) {
    super(name);
    this.exitOverride()
      .helpCommand(false)
      // `writ revoke list --key-file F`: an option after a subverb is that of the subverb.
      .enablePositionalOptions()
      .configureHelp({ subcommandTerm: termOf, sortSubcommands: name !== 'writ' })
      .configureOutput({ outputError: (text, write) => write(`${pc.red(text)}${this.whereToLook()}\n`) })
      .hook('preAction', (own, called) => {
        if (own !== called) return;
        this.checkNeeded();
        setOptions(this.options.flatMap(({ long }) => long ?? []));
      });
  }

  /** Adds a required option. Commander would miss it before a missing argument; here arguments are checked first. */
  needs(flags: string, description: string): this {
    const option = this.createOption(flags, description);
    this.needed.push(option);
    return this.addOption(option);
  }

  /** Sets the work of the verb; its result is the exit code of the process. */
  runs<Given extends unknown[]>(work: (...given: Given) => ExitCode | Promise<ExitCode>): this {
    return this.action(async (...given: unknown[]) => {
      process.exitCode = await work(...(given as Given));
    });
  }

  /** Adds the options of a verb that asks the service, with the key of this caller by default. */
  asksService(caller: 'default' | 'admin'): this {
    return this.option('--service <url>', 'URL of the service', SERVICE_URL).option(
      '--key-file <file>',
      'file with the key of the caller',
      `./data/keys/${caller}.key`,
    );
  }

  /** Adds the options of a verb that reads the store of a deployment. */
  readsStore(): this {
    return this.option('--data <dir>', 'folder with the store', './data').option(
      '--store <url>',
      'URL of the PostgreSQL database, if the store is one; or WRIT_STORE in the environment',
    );
  }

  /** Adds the option of a verb that reads what the secrets of a store protect. */
  readsSealed(): this {
    return this.readsStore().option(
      '--store-key <source>',
      'key of the secrets in the store: file:PATH, env:NAME, command:PROGRAM; or WRIT_STORE_KEY in the environment',
    );
  }

  /** Adds the option of a verb that reads a bundle for one of its environments. */
  readsEnvironment(): this {
    return this.option(
      '--env <name>',
      'environment whose writ.NAME.yaml changes the bundle; or WRIT_ENV in the environment',
    );
  }

  printsJson(): this {
    return this.option('--json', 'print JSON');
  }

  private whereToLook(): string {
    const words: string[] = [];
    for (let verb: Command | null = this; verb !== null; verb = verb.parent) words.unshift(verb.name());
    const what =
      this.commands.length > 0 && this.registeredArguments.length === 0 ? 'commands' : 'arguments and options';
    return `\`${words.join(' ')} --help\` lists its ${what}`;
  }

  private checkNeeded(): void {
    for (const option of this.needed)
      if (this.getOptionValue(option.attributeName()) === undefined)
        this.error(`error: required option '${option.flags}' not specified`, {
          code: 'commander.missingMandatoryOptionValue',
        });
  }
}

/** Returns the words that a verb has in the help above it: its name, and below a noun its arguments too. */
function termOf(verb: Command): string {
  if (verb.parent?.parent === null) return verb.name();
  const args = verb.registeredArguments.map((one) => {
    const name = `${one.name()}${one.variadic ? '...' : ''}`;
    return one.required ? `<${name}>` : `[${name}]`;
  });
  return [verb.name(), ...args].join(' ');
}

/** Returns a verb of the top level: a noun with verbs below it, or a verb that is needed often. */
export function verb(name: string, group: Group, description: string): Verb {
  return new Verb(name).description(description).helpGroup(`${group}:`);
}

/** Returns a verb below a noun, `list` of `writ task list`; its file is in the folder of the noun. */
export function subverb(name: string, description: string): Verb {
  return new Verb(name).description(description);
}

/** @throws {InvalidArgumentError} if the text is not the number of a port */
export function portIn(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535.');
  return Number(text);
}
