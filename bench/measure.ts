/** What one call costs, in nanoseconds. The clock's own cost (about 30) is in it. */
export interface Timing {
  readonly median: number;
  readonly p99: number;
}

/**
 * Times each call by itself, after a warm-up. The calls take their arguments in turn, from a list that was shuffled with
 * a fixed seed, so that two runs do the same work.
 */
export function timeEach<T>(args: readonly T[], call: (arg: T) => unknown, calls: number): Timing {
  const order = shuffled(args);
  const times = new Float64Array(calls);
  for (let i = 0; i < Math.min(calls, 200_000); i += 1) call(order[i % order.length] as T);
  for (let i = 0; i < calls; i += 1) {
    const arg = order[i % order.length] as T;
    const start = process.hrtime.bigint();
    call(arg);
    times[i] = Number(process.hrtime.bigint() - start);
  }
  times.sort();
  return { median: times[calls >> 1] as number, p99: times[Math.floor(calls * 0.99)] as number };
}

/** Calls a second, over all of them together. */
export function callsPerSecond<T>(args: readonly T[], call: (arg: T) => unknown, calls: number): number {
  const order = shuffled(args);
  const start = performance.now();
  for (let i = 0; i < calls; i += 1) call(order[i % order.length] as T);
  return calls / ((performance.now() - start) / 1_000);
}

/** How long something takes, in milliseconds. */
export function timeOnce(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** Numbers below n, the same for the same seed. */
export function random(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

export function shuffled<T>(items: readonly T[], seed = 1): T[] {
  const below = random(seed);
  const out = [...items];
  for (let i = out.length - 1; i > 0; i -= 1) {
    const j = below(i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
