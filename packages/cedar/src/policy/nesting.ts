import { CedarError, type CedarErrorCode, positionAt } from '../errors.js';

/**
 * How deep text may nest before it is handed to the official engine. Past about 120 brackets its WebAssembly build runs
 * out of stack, and every call after that fails, of any caller; so it must not come to that.
 */
const MAX_DEPTH = 80;
/** An `if` takes less of the stack than a bracket. */
const IF_WEIGHT = 0.2;
/** How many operators may follow each other, over all levels that are open: `a || b || c` nests to the left. */
const MAX_CHAIN = 400;

const OPEN = new Set(['(', '[', '{']);
const CLOSE = new Set([')', ']', '}']);
/** Conditions are joined as if by `&&`. */
const CHAINED = new Set(['||', '&&', '+', '-', '*', '.', '!', 'when', 'unless']);

/** Follows the nesting of a text, token by token. */
export class Nesting {
  private depth = 0;
  private chains = [0];
  /** All of `chains` together. */
  private chained = 0;

  constructor(
    private readonly text: string,
    private readonly code: CedarErrorCode,
  ) {}

  /** @throws {CedarError} when the text nests too deep at this token */
  token(token: string, offset: number): void {
    const at = this.chains.length - 1;
    if (OPEN.has(token)) {
      this.depth += 1;
      this.chains.push(0);
    } else if (CLOSE.has(token)) {
      if (this.chains.length > 1) {
        this.depth -= 1;
        this.chained -= this.chains.pop() as number;
      }
    } else if (token === ',') {
      this.chained -= this.chains[at] as number;
      this.chains[at] = 0;
    } else if (CHAINED.has(token)) {
      this.chains[at] = (this.chains[at] as number) + 1;
      this.chained += 1;
    } else if (token === 'if') {
      this.depth += IF_WEIGHT;
    }
    if (this.depth > MAX_DEPTH)
      this.refuse(offset, `nested deeper than ${MAX_DEPTH} levels`, 'split the policy, or use a set');
    if (this.chained > MAX_CHAIN) {
      this.refuse(offset, `more than ${MAX_CHAIN} operators in a row`, 'use `in` or `contains` with a set');
    }
  }

  private refuse(offset: number, message: string, help: string): never {
    throw new CedarError(this.code, message, { position: positionAt(this.text, offset), help });
  }
}
