import { EMPTY_ROOT, type Hash, joined, nodeHash, split } from './hashes.js';

/** A complete node: all entries below it are there, and it never changes again. */
export interface CompleteNode {
  /** The node covers 2 to the power of this many entries. */
  readonly height: number;
  readonly index: number;
  readonly hash: Hash;
}

/**
 * The right edge of a Merkle tree (RFC 6962, section 2.1): the roots of the largest complete subtrees, from the left. That is all one
 * needs to add entries and to compute the root. A value: adding makes a new one, and after a failed commit the new one is dropped.
 *
 * @example const frontier = Frontier.EMPTY.with([leafHash('first'), leafHash('second')]); frontier.root();
 */
export class Frontier {
  static readonly EMPTY = new Frontier(0, []);

  private constructor(
    readonly size: number,
    private readonly subtrees: readonly Hash[],
  ) {}

  /** Reads a frontier. @throws {RangeError} if a tree of that size has another number of subtrees */
  static of(size: number, bytes: Buffer): Frontier {
    const subtrees = split(bytes);
    if (!Number.isSafeInteger(size) || size < 0 || subtrees.length !== heightsOf(size).length)
      throw new RangeError(`a tree of ${size} entries has another number of complete subtrees than ${subtrees.length}`);
    return new Frontier(size, subtrees);
  }

  /** Returns the subtrees' hashes, one after the other. */
  bytes(): Buffer {
    return joined(this.subtrees);
  }

  /**
   * Returns the frontier with more leaves.
   *
   * @param completed receives each node that becomes complete, in the order of the tree
   */
  with(leaves: readonly Hash[], completed: (node: CompleteNode) => void = () => undefined): Frontier {
    const subtrees = [...this.subtrees];
    let { size } = this;
    for (const leaf of leaves) {
      let node: CompleteNode = { height: 0, index: size, hash: leaf };
      completed(node);
      // As many subtrees are completed as the size has ones at its end.
      for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
        node = {
          height: node.height + 1,
          index: Math.floor(node.index / 2),
          hash: nodeHash(subtrees.pop() as Hash, node.hash),
        };
        completed(node);
      }
      subtrees.push(node.hash);
      size += 1;
    }
    return new Frontier(size, subtrees);
  }

  root(): Hash {
    const [last, ...before] = this.subtrees.toReversed();
    if (last === undefined) return EMPTY_ROOT;
    return before.reduce((right, left) => nodeHash(left, right), last);
  }

  equals(other: Frontier): boolean {
    return this.size === other.size && this.bytes().equals(other.bytes());
  }
}

/** Returns the heights of the complete subtrees of a tree, from the left. */
function heightsOf(size: number): number[] {
  const heights: number[] = [];
  for (let height = 0, rest = size; rest > 0; height += 1, rest = Math.floor(rest / 2))
    if (rest % 2 === 1) heights.unshift(height);
  return heights;
}
