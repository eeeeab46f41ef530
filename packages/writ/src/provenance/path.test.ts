import { describe, expect, it } from 'vitest';
import { pathOf } from './path.js';

const ana = { type: 'User', id: 'ana' };
const bot = { type: 'Agent', id: 'bot' };

describe('pathOf', () => {
  it('is the subject alone when nobody else is named', () => {
    expect(pathOf({ subject: ana })).toEqual([ana]);
  });

  it.each([
    ['context.agent as an id', { agent: 'bot' }],
    ['context.agent as an entity', { agent: bot }],
    ['act', { act: { sub: 'bot' } }],
    ['all of them', { act: { sub: 'bot' }, agent: 'bot' }],
  ])('takes the agent from %s', (_name, named) => {
    expect(pathOf({ subject: ana, ...named })).toEqual([ana, bot]);
  });

  it('puts nested actors before the present one (RFC 8693, section 4.1)', () => {
    const act = { sub: 'third', act: { sub: 'second', act: { sub: 'first' } } };
    expect(pathOf({ subject: ana, act })).toEqual([
      ana,
      ...['first', 'second', 'third'].map((id) => ({ type: 'Agent', id })),
    ]);
  });

  it('never drops the subject', () => {
    expect(pathOf({ subject: ana, agent: ana })).toEqual([ana]);
    expect(pathOf({ subject: bot, agent: 'bot' })).toEqual([bot]);
  });

  it.each([
    ['an act without sub', { act: {} }],
    ['an act that is text', { act: 'bot' }],
    ['an agent that is a list', { agent: ['bot'] }],
    ['an empty agent', { agent: '' }],
    ['an agent with a number for an id', { agent: { type: 'Agent', id: 1 } }],
    [
      'an endless chain',
      { act: Array.from({ length: 40 }).reduce<object>((act) => ({ sub: 'x', act }), { sub: 'x' }) },
    ],
  ])('refuses %s', (_name, named) => {
    expect(typeof pathOf({ subject: ana, ...named })).toBe('string');
  });
});
