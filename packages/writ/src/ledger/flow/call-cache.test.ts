import { describe, expect, it } from 'vitest';
import { CallCache } from './call-cache.js';

const PROGRAMS = [{ argument: 'command' }];
const keyOf = (tool: string, input: unknown) => CallCache.keyOf(tool, PROGRAMS, input);

describe('the calls that are kept', () => {
  it('are few of those with long texts, and the others stay', () => {
    const cache = new CallCache<number>();
    const usual = keyOf('shell', { command: 'ls' });
    cache.set(usual, -1);
    const long = Array.from({ length: 100 }, (_, i) => keyOf('shell', { command: `${'x'.repeat(16_000)}${i}` }));
    long.forEach((key, i) => {
      cache.set(key, i);
    });
    expect(long.filter((key) => cache.get(key) !== undefined)).toEqual(long.slice(-16));
    expect(cache.get(usual)).toBe(-1);
  });

  it('are told apart by tool and text, and by nothing else', () => {
    const keys = [
      keyOf('shell', { command: 'ls' }),
      keyOf('bash', { command: 'ls' }),
      keyOf('shell', { command: '0' }),
      keyOf('shell', { command: ['ls'] }),
      keyOf('shell', {}),
      keyOf('shell', { command: 'null' }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keyOf('shell', { command: 'ls', other: 'x'.repeat(1_000_000) })).toBe(keys[0]);
    expect(keyOf('shell', { command: Array(100_000).fill('x') })).toBe(keys[3]);
    expect(keyOf('shell', Object.create({ command: 'ls' }))).toBe(keys[4]);
  });
});
