import { deserialize, serialize } from 'node:v8';

/**
 * A large value of plain data as pieces, each of which is read in well under a millisecond: so a thread that must not stand still takes
 * it from another process. Lists and objects are divided; what else there is (a text, bytes) is one piece.
 */

const OPEN_LIST = 0;
const OPEN_OBJECT = 1;
const CLOSE = 2;
const WHOLE = 3;

/** The next step; its key, if it goes into an object; its value, if it is whole. */
type Step = readonly [kind: number, key?: string | undefined, value?: unknown];

/** About how many bytes one piece has. */
const PIECE = 24_000;
const NODE = 16;

/** Yields the pieces of a value. */
export function* piecesOf(value: unknown): Generator<Uint8Array> {
  let steps: Step[] = [];
  let weight = 0;
  for (const [step, size] of stepsOf(value, undefined)) {
    steps.push(step);
    weight += size;
    if (weight < PIECE) continue;
    yield serialize(steps);
    steps = [];
    weight = 0;
  }
  if (steps.length > 0) yield serialize(steps);
}

function* stepsOf(value: unknown, key: string | undefined): Generator<readonly [Step, number]> {
  const size = weightOf(value);
  if (size < PIECE || !isDivisible(value)) {
    yield [[WHOLE, key, value], size];
    return;
  }
  const isList = Array.isArray(value);
  yield [[isList ? OPEN_LIST : OPEN_OBJECT, key], NODE];
  for (const [name, item] of isList ? value.entries() : Object.entries(value))
    yield* stepsOf(item, isList ? undefined : String(name));
  yield [[CLOSE], NODE];
}

function isDivisible(value: unknown): value is readonly unknown[] | Readonly<Record<string, unknown>> {
  if (Array.isArray(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Returns about how many bytes a value has; not more is looked at than one piece has. */
function weightOf(value: unknown): number {
  let weight = 0;
  const stack: unknown[] = [value];
  for (let at = 0; at < stack.length && weight < PIECE; at += 1) {
    const one = stack[at];
    weight += NODE;
    if (typeof one === 'string') weight += one.length;
    else if (one instanceof Uint8Array) weight += one.byteLength;
    else if (isDivisible(one)) {
      if (Array.isArray(one)) for (let i = 0; i < one.length && i < PIECE; i += 1) stack.push(one[i]);
      else
        for (const [name, item] of Object.entries(one)) {
          weight += name.length;
          stack.push(item);
        }
    }
  }
  return weight;
}

/** Puts a value together from its pieces, in order. */
export class PieceReader {
  private readonly open: (unknown[] | Record<string, unknown>)[] = [];
  private read: unknown;

  /** The value, when all pieces were added. */
  get value(): unknown {
    return this.read;
  }

  add(piece: Uint8Array): void {
    for (const [kind, key, value] of deserialize(piece) as Step[]) {
      if (kind === CLOSE) {
        this.open.pop();
        continue;
      }
      const made = kind === WHOLE ? value : kind === OPEN_LIST ? [] : {};
      this.put(key, made);
      if (kind !== WHOLE) this.open.push(made as unknown[] | Record<string, unknown>);
    }
  }

  private put(key: string | undefined, value: unknown): void {
    const within = this.open.at(-1);
    if (within === undefined) this.read = value;
    else if (Array.isArray(within)) within.push(value);
    // `__proto__` is a name as any other.
    else Object.defineProperty(within, key as string, { value, writable: true, enumerable: true, configurable: true });
  }
}
