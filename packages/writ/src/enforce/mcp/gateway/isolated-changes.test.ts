import type { Obligation } from '@writ/sdk/authzen';
import { afterAll, describe, expect, it } from 'vitest';
import { changeHere } from './answer-changes.js';
import { IsolatedChanges } from './isolated-changes.js';

const redact = (properties: Record<string, unknown>): readonly Obligation[] => [
  { id: 'hide', type: 'redact', properties },
];
const text = (said: string) => ({ content: [{ type: 'text', text: said }] });
const texts = (said: string, count: number) => ({
  content: Array.from({ length: count }, () => text(said).content[0]),
});
const list = (length: number) => ({
  content: [],
  structuredContent: Array.from({ length }, (_, i) => ({ a: { b: { c: i } } })),
});

describe('a result that is made to stop what redacts it (attack F1)', () => {
  const changes = new IsolatedChanges();
  afterAll(() => changes.close());

  it.each([
    ['telephone numbers', texts('+1 212 555 '.repeat(23_000), 8), redact({ class: 'phone' })],
    ['a path that searches a wide answer', list(20_000), redact({ path: '$..*..*..*' })],
  ])('stops nobody, and is withheld: %s', async (_name, result, obligations) => {
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
    }, 10);
    await expect(changes.change(result as never, obligations)).rejects.toMatchObject({ code: 'obligation_failed' });
    clearInterval(turning);
    // Two seconds of a processor; a thread that does the work itself has no turn meanwhile.
    expect(turns).toBeGreaterThan(20);
  });

  it.each([
    ['a small text', text('write to ana@shop.example'), redact({ class: 'email' })],
    ['a number with its country', text('call +41 44 668 18 00'), redact({ class: 'phone' })],
    ['a field of each record', list(200), redact({ path: '$[*].a.b' })],
    ['a field somewhere', list(3), redact({ path: '$..c' })],
  ])('its honest twin is changed as in this process: %s', async (_name, result, obligations) => {
    const changed = await changes.change(result as never, obligations);
    expect(changed).toEqual(await changeHere(result as never, obligations));
    expect(JSON.stringify(changed.result)).toContain('[redacted]');
  });
});
