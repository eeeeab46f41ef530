import { Entities } from '@writ/cedar';
import { expect, it } from 'vitest';
import { peopleIn } from './people.js';

const entity = (type: string, id: string, attrs: object = {}, ...parents: { type: string; id: string }[]) => ({
  uid: { type, id },
  attrs,
  parents,
});
const leads = { type: 'Group', id: 'leads' };
const all = { type: 'Group', id: 'all' };
const entities = Entities.fromJson([
  entity('User', 'lena', { email: 'lena@shop.example' }, leads),
  entity('User', 'max', {}, leads),
  entity('Agent', 'bot', { email: 'bot@shop.example' }, leads),
  entity('User', 'ana', { mail: 'ana@shop.example', email: 7 }, all),
  entity('Group', 'leads', {}, all),
  entity('Group', 'all'),
] as Parameters<typeof Entities.fromJson>[0]);
const mail = (address: string) => ({ to: 'mail' as const, server: 's', from: 'f', address });
const channels = { post: mail('email'), other: mail('mail'), hook: { to: 'webhook' as const, url: 'u', secret: 's' } };

it.each<[what: string, asked: string[], people: [uid: string, address: string | undefined][]]>([
  ['a person', ['User::"lena"'], [['User::"lena"', 'lena@shop.example']]],
  ['a person without an address', ['User::"max"'], [['User::"max"', undefined]]],
  ['the first attribute that is text', ['User::"ana"'], [['User::"ana"', 'ana@shop.example']]],
  [
    'the people in a group, and no agent',
    ['Group::"leads"'],
    [
      ['User::"lena"', 'lena@shop.example'],
      ['User::"max"', undefined],
    ],
  ],
  [
    'each once, groups in groups too',
    ['User::"ana"', 'Group::"all"'],
    [
      ['User::"ana"', 'ana@shop.example'],
      ['User::"lena"', 'lena@shop.example'],
      ['User::"max"', undefined],
    ],
  ],
  ['nobody that is not there', ['User::"nobody"', 'Group::"none"'], []],
  ['no agent that is named', ['Agent::"bot"'], []],
])('finds %s', (_what, asked, people) => {
  const found = peopleIn(asked, { entities, personTypes: ['User'], channels });
  expect(found.map(({ uid, address }) => [uid, address]).sort()).toEqual([...people].sort());
});
