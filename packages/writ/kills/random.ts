/** Numbers that are the same for the same seed. */
export interface Random {
  /** A whole number from 0 up to below n. */
  pick(n: number): number;
  /** True in this share of the cases. */
  chance(share: number): boolean;
}

/** Returns the random numbers of one kill of a seed. */
export function randomOf(seed: number, kill: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(kill, 0x85ebca6b)) >>> 0;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { pick: (n) => Math.floor(next() * n), chance: (share) => next() < share };
}
