import type { Bundle } from '../bundle.js';
import type { Find } from './findings.js';

/** A check of a bundle that was read. A new rule is one file in the folder that its code names, and a line in `RULES`. */
export interface Rule {
  /** The folder and the name of the file, as `ledger/unread-accumulator`. Users filter by it, so it stays. */
  readonly code: string;
  check(bundle: Bundle, find: Find): void;
}
