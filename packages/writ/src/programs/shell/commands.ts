import { normalised } from './effects/paths.js';
import type { Frame } from './frame.js';
import { MOST_WRAPPERS } from './limits.js';
import { NotUnderstood } from './not-understood.js';
import { BUILTINS } from './programs/builtins.js';
import type { Call } from './programs/call.js';
import { PROGRAMS } from './programs/table.js';
import type { Arg } from './syntax/arg.js';
import type { Variables } from './syntax/variables.js';

/** Folders in which a program is the one that its name says. */
const SYSTEM = /^\/(?:usr\/(?:local\/)?)?s?bin\/([^/]+)$|^\/opt\/homebrew\/bin\/([^/]+)$/;
/** Words that other shells read before a command, or as the start of a block. */
const OTHER_SHELLS = new Set(
  'noglob nocorrect repeat foreach always end zmodload autoload print vared zle emulate setopt unsetopt sched zcompile -'.split(
    ' ',
  ),
);

/** Runs commands by the tables. */
export class Commands {
  private wrappers = 0;

  constructor(
    private readonly frame: Frame,
    private readonly variables: Variables,
  ) {}

  /** Reads one command; `isFunction` if the text defines a function of this name before it. */
  run(name: string, args: readonly Arg[], pos: number, isFunction = false): void {
    if (isFunction) return;
    if (OTHER_SHELLS.has(name)) throw new NotUnderstood('name', name, pos, 'shells read this word in different ways');
    const builtin = BUILTINS.get(name);
    if (builtin === undefined) {
      this.start(name, args, pos);
      return;
    }
    builtin({
      ...{ name, args, pos, frame: this.frame, variables: this.variables },
      run: (inner, isAgain) => this.nested(inner, pos, undefined, isAgain),
      record: () => this.record({ name, words: args.map(({ value }) => value), builtin: true, known: true }),
      refuse: (why, arg) => {
        throw new NotUnderstood('builtin', arg?.value ?? name, arg?.pos ?? pos, why);
      },
    });
  }

  /** Starts a program, whatever builtins there are. */
  start(called: string, args: readonly Arg[], pos: number, remote = this.frame.surroundings.remote): void {
    const name = this.nameOf(called);
    const reader = PROGRAMS.get(name);
    const outcome = reader?.(this.callOf(name, args, pos, remote)) ?? { known: false };
    const { known, subcommand } = outcome;
    this.record({ name, words: args.map(({ value }) => value), ...(subcommand && { subcommand }), known }, remote);
  }

  private record(
    fact: { name: string; words: (string | undefined)[]; subcommand?: string; builtin?: true; known: boolean },
    remote = this.frame.surroundings.remote,
  ): void {
    this.frame.effects.program(remote === undefined ? fact : { ...fact, remote });
  }

  private nameOf(called: string): string {
    if (!called.includes('/')) return called;
    const match = SYSTEM.exec(called);
    const { directories } = this.frame;
    if (match !== null) return (match[1] ?? match[2]) as string;
    if (called.startsWith('/')) return normalised(called);
    const [directory, second] = directories ?? [];
    if (directory === undefined || second !== undefined) return called;
    const path = normalised(`${directory}/${called}`);
    return path.includes('/') ? path : `./${path}`;
  }

  private callOf(name: string, args: readonly Arg[], pos: number, remote: string | undefined): Call {
    const { frame } = this;
    const { effects } = frame;
    const isHere = remote === undefined;
    return {
      ...{ name, args, pos, input: frame.input },
      reads: (arg, deep) => isHere && effects.path('reads', arg, frame.directories, deep),
      writes: (arg, deep) => isHere && effects.path('writes', arg, frame.directories, deep),
      unresolved: (kind) => isHere && effects.unresolvedPath(kind),
      host: (arg) => effects.host(arg),
      hostNamed: (host) => effects.hostNamed(host),
      interpreter: (fact) => effects.interpreter({ program: name, ...fact }),
      interactive: () => {
        effects.interactive = true;
      },
      sql: (text) => effects.script({ language: 'sql', program: name, text }),
      package: (fact) => effects.package(fact),
      run: (inner, where) => this.nested(inner, pos, where ?? remote, false),
      script: (arg, isPosix, where) => this.script(arg, isPosix, where ?? remote),
      refuse: (why, arg) => {
        throw new NotUnderstood('argument', arg?.value ?? name, arg?.pos ?? pos, why);
      },
    };
  }

  /** Reads the arguments of a wrapper as a command; `isAgain` if the shell itself looks the name up again. */
  private nested([first, ...args]: readonly Arg[], pos: number, remote: string | undefined, isAgain: boolean): void {
    if (first?.value === undefined || first.value === '')
      throw new NotUnderstood(
        'name',
        first?.lead ?? '',
        first?.pos ?? pos,
        'the text does not say which program this is',
      );
    this.wrappers += 1;
    if (this.wrappers > MOST_WRAPPERS)
      throw new NotUnderstood(
        'limit',
        first.value,
        first.pos,
        `a program is started through more than ${MOST_WRAPPERS} others`,
      );
    if (isAgain) this.run(first.value, args, first.pos);
    else this.start(first.value, args, first.pos, remote);
    this.wrappers -= 1;
  }

  private script({ value, pos, lead }: Arg, isPosix: boolean, remote: string | undefined): void {
    if (value === undefined) throw new NotUnderstood('script', lead, pos, 'the text does not say what this shell runs');
    try {
      this.frame.readNested(value, isPosix, remote);
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error;
      throw new NotUnderstood(error.reason, error.text, pos, error.why);
    }
  }
}
