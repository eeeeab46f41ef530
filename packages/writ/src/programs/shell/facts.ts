/** The facts of one shell text. A path is relative to the directory in which the text begins, absolute, or below `~/`. */
export interface ShellUnderstood {
  readonly language: 'shell';
  readonly understood: true;
  /** Each program and builtin that the text can start, in the order of the text, each once. */
  readonly programs: readonly ProgramFact[];
  readonly reads: PathFacts;
  readonly writes: PathFacts;
  readonly hosts: HostFacts;
  /** Programs that run code of a language that is not read here. */
  readonly interpreters: readonly InterpreterFact[];
  /** An interpreter is started without a script, so that what it is fed later is not in the text. */
  readonly interactive: boolean;
  /** Texts of other languages, for their readers. */
  readonly scripts: readonly ScriptFact[];
  readonly packages: readonly PackageFact[];
}

export interface ShellNotUnderstood {
  readonly language: 'shell';
  readonly understood: false;
  readonly reason: ShellReason;
  /** The part of the text that is not understood, shortened. */
  readonly text: string;
  /** The offset of that part; within a nested script, that of the script. */
  readonly where: number;
  readonly why: string;
}

export type ShellFacts = ShellUnderstood | ShellNotUnderstood;

export interface ProgramFact {
  /** The name: the last part of a path in a folder of the system, otherwise the path as it is called. */
  readonly name: string;
  /** The arguments; undefined where an expansion stands. */
  readonly words: readonly (string | undefined)[];
  readonly subcommand?: string;
  /** A builtin of the shell. */
  readonly builtin?: true;
  /** Whether the tables say what these arguments read, write and reach. Otherwise the program can do anything. */
  readonly known: boolean;
  /** Another machine, or a container, on which it runs. Its files are not in `reads` and `writes`. */
  readonly remote?: string;
}

export interface PathFacts {
  readonly paths: readonly string[];
  /** Directories below which any file may be touched. */
  readonly under: readonly string[];
  /** Also paths that the text does not say. */
  readonly unresolved: boolean;
}

interface HostFacts {
  readonly names: readonly string[];
  /** Also hosts that the text does not say. */
  readonly unresolved: boolean;
}

export interface InterpreterFact {
  readonly program: string;
  /** The place of the code: in the text, in a file, a module, a package, or in the input. */
  readonly from: 'text' | 'file' | 'module' | 'package' | 'input';
  /** The code itself, the file, the module or the package, if the text says it. */
  readonly code?: string;
}

export interface ScriptFact {
  readonly language: 'sql';
  readonly program: string;
  readonly text: string;
}

export interface PackageFact {
  readonly manager: string;
  /** Empty if the files of the project say which. */
  readonly names: readonly string[];
  readonly unresolved: boolean;
}

/** Codes for what is not understood. */
export type ShellReason =
  | 'argument'
  | 'arithmetic'
  | 'builtin'
  | 'character'
  | 'expansion'
  | 'function'
  | 'limit'
  | 'name'
  | 'script'
  | 'syntax'
  | 'variable';
