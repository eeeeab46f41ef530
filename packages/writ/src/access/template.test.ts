import { expect, it } from 'vitest';
import { templateOf } from './template.js';

const declared = {
  ask: ['User::"lena"'],
  quorum: 2,
  escalate: [{ after: '10m', ask: ['Group::"leads"'] }],
  expires: '1h',
  lifetimes: { once: '15m', task: '8h', until: '7d' },
  notify: ['mail'],
};

it('has all times in milliseconds', () => {
  expect(templateOf('refund', declared)).toEqual({
    name: 'refund',
    title: undefined,
    ask: ['User::"lena"'],
    quorum: 2,
    escalate: [{ afterMs: 600_000, ask: ['Group::"leads"'] }],
    expiresMs: 3_600_000,
    lifetimesMs: { once: 900_000, task: 28_800_000, until: 604_800_000 },
    notify: ['mail'],
    emergency: undefined,
  });
});

it('can be taken in an emergency only if that is declared', () => {
  expect(templateOf('refund', { ...declared, emergency: { for: '5m', notify: ['pager'] } }).emergency).toEqual({
    forMs: 300_000,
    notify: ['pager'],
  });
});
