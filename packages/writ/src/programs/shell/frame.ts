import type { Effects } from './effects/effects.js';
import type { Directories } from './effects/paths.js';
import type { Input } from './programs/call.js';
import type { Budget } from './syntax/scan.js';

/** The state that a nested script has from the command around it. */
export interface Surroundings {
  readonly effects: Effects;
  readonly budget: Budget;
  readonly depth: number;
  readonly isPosix: boolean;
  readonly directories: Directories;
  readonly input: Input;
  /** The machine or container on which the script runs, if that is another one. */
  readonly remote: string | undefined;
}

/** The state of the script at the command that is read. */
export interface Frame {
  readonly surroundings: Surroundings;
  readonly effects: Effects;
  readonly directories: Directories;
  readonly input: Input;
  /** Sets the directories after a command that may change them, and may fail. */
  moved(directories: Directories): void;
  /** Reads a script in an argument. */
  readNested(text: string, isPosix: boolean, remote: string | undefined): void;
}
