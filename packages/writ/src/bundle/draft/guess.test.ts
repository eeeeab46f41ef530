import { describe, expect, it } from 'vitest';
import { guessTool } from './guess.js';

const tool = (name: string, args: readonly string[] = [], annotations: Record<string, unknown> = {}) =>
  guessTool({
    name,
    inputSchema: { properties: Object.fromEntries(args.map((one) => [one, { type: 'string' }])) },
    annotations,
  });

describe('guessTool', () => {
  it.each([
    ['get_order', ['id'], ['read'], { id: 'target' }],
    ['searchEmails', ['query'], ['read'], {}],
    ['fetch_page', ['url'], ['read', 'egress'], { url: 'destination' }],
    ['send_email', ['to', 'subject', 'body'], ['egress'], { to: 'destination', subject: 'content', body: 'content' }],
    ['refund_order', ['order', 'amount'], ['money'], { order: 'target', amount: 'amount' }],
    ['pay', ['user', 'amount'], ['money'], { user: 'destination', amount: 'amount' }],
    ['delete_file', ['path'], ['destroy'], { path: 'target' }],
    ['update_user_password', ['user', 'password'], ['write', 'account'], { user: 'target', password: 'secret' }],
    ['create_event', ['title', 'participants'], ['write', 'egress'], { title: 'content', participants: 'destination' }],
    ['frobnicate', [], ['write', 'egress', 'money', 'account', 'destroy'], {}],
  ])('%s(%j)', (name, args, effects, roles) => {
    const guessed = tool(name, args);
    expect([guessed.effects, guessed.roles]).toEqual([effects, roles]);
  });

  it.each([
    ['a server that says that it only reads', { readOnlyHint: true }, ['read']],
    ['a server that says that it destroys', { destructiveHint: true }, ['destroy']],
  ])('goes by %s', (_what, annotations, effects) => {
    expect(tool('frobnicate', [], annotations).effects).toEqual(effects);
  });

  it.each([
    ['read_inbox', true],
    ['get_webpage', true],
    ['list_contacts', false],
    ['get_balance', false],
    ['send_email', false],
  ])('thinks that the results of %s have what others wrote: %s', (name, expected) => {
    expect(tool(name).isFromOutside).toBe(expected);
  });

  it.each([
    ['get_notes', 'note', undefined],
    ['create_note', undefined, 'note'],
    ['delete_notes', undefined, undefined],
    ['list_all_companies', 'company', undefined],
  ])('%s reads %s and writes %s', (name, reads, writes) => {
    const guessed = tool(name);
    expect([guessed.reads, guessed.writes]).toEqual([reads, writes]);
  });
});
