/** In milliseconds. */
export const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30s` in milliseconds. */
export function millisecondsOf(text: string): number {
  const [, number = '', unit = 'ms'] = /^([0-9]+)([a-z]+)$/.exec(text) ?? [];
  return Number(number) * UNITS[unit as keyof typeof UNITS];
}
