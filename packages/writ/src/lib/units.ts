declare const UNIT: unique symbol;

/** Seconds: a duration, or a time since the epoch (the NumericDate of RFC 7519). A plain number has no unit until it is marked. */
export type Seconds = number & { readonly [UNIT]: 's' };

/** Milliseconds: a duration, or a time since the epoch, as `Date` counts it. */
export type Millis = number & { readonly [UNIT]: 'ms' };

/** Marks a number as seconds. */
export function seconds(value: number): Seconds {
  return value as Seconds;
}

/** Returns seconds as milliseconds. */
export function toMillis(value: Seconds): Millis {
  return (value * 1_000) as Millis;
}

/** Returns the whole seconds since the epoch at a time. */
export function secondsAt(time: Date): Seconds {
  return Math.floor(time.getTime() / 1_000) as Seconds;
}

/** Returns the time that is a duration after another. */
export function after(time: Seconds, duration: Seconds): Seconds {
  return (time + duration) as Seconds;
}

/** Returns the earliest of some times. */
export function earliest(...times: readonly Seconds[]): Seconds {
  return Math.min(...times) as Seconds;
}
