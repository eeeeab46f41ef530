import type { Call, Evasion, Step } from './evasion.js';
import { packOver } from './pack.js';

/** The tools, values and steps of the evasions of agents, tasks, answers and channels. */

const INPUTS = {
  read_mail: '{}',
  read_vault: '{}',
  read_plan: '{}',
  find_contact: '{ "name": String }',
  list_files: '{}',
  list_invoices: '{}',
  fetch_page: '{ "url": String }',
  send_mail: '{ "to": Set<String>, "body": String }',
  post: '{ "body": String }',
  pay: '{ "account": String, "amount": decimal }',
  delete_file: '{ "id": String }',
  set_password: '{ "password": String }',
  create_event: '{ "title": String, "start": String, "participants": Set<String> }',
  write_note: '{ "id": String, "text": String }',
  read_note: '{ "id": String }',
  list_notes: '{}',
  hand_work: '{ "agent": String, "text": String }',
  take_work: '{ "agent": String }',
  ask_agent: '{ "agent": String, "text": String }',
};

const TOOLS = `
tools:
  read_mail:
    effects: [read]
    result:
      $: { integrity: external, confidentiality: internal }
      $[*].id: system
      $[*].sender: { integrity: attested, kind: email }
  read_vault: { effects: [read], result: [internal, restricted] }
  read_plan: { effects: [read], result: internal }
  find_contact: { effects: [read], arguments: { name: target }, result: { $: internal, '$[*].email': { integrity: internal, kind: email } } }
  list_files: { effects: [read], result: { $: internal, '$[*].id': system } }
  list_invoices: { effects: [read], result: { $: external, '$[*].id': system, '$[*].account': { integrity: internal, kind: iban } } }
  fetch_page: { effects: [read, egress], arguments: { url: { role: destination, kind: url } }, result: [external, public] }
  send_mail: { effects: [egress], arguments: { to: { role: destination, kind: email }, body: content }, result: internal }
  post: { effects: [egress], arguments: { body: content }, result: internal }
  pay: { effects: [money], arguments: { account: { role: destination, kind: iban }, amount: amount }, result: internal }
  delete_file: { effects: [destroy], arguments: { id: target }, result: internal }
  set_password: { effects: [write, account], arguments: { password: secret }, result: internal }
  create_event:
    effects: [write, egress]
    arguments: { title: content, start: { role: content, kind: time }, participants: { role: destination, kind: email } }
    result: internal
  write_note: { effects: [write], writes: note, arguments: { id: target, text: content }, result: internal }
  read_note: { effects: [read], reads: note, arguments: { id: target }, result: internal }
  list_notes: { effects: [read], reads: note, result: { $: internal, '$..id': system } }
  hand_work: { effects: [write], writes: work, arguments: { agent: target, text: content }, result: internal }
  take_work: { effects: [read], reads: work, arguments: { agent: target }, result: internal }
  ask_agent: { effects: [write], arguments: { agent: target, text: content }, result: { integrity: external, confidentiality: internal } }
`;

/** Agents that ana owns, and one of ben. */
const IDENTITIES = JSON.stringify([
  ...['ana', 'ben'].map((id) => ({ uid: { type: 'User', id } })),
  ...[
    ['bot', 'ana'],
    ['ria', 'ana'],
    ['max', 'ben'],
  ].map(([id, owner]) => ({
    uid: { type: 'Agent', id },
    attrs: { owner: { __entity: { type: 'User', id: owner } } },
  })),
]);

/** @param tasks the text of `tasks.yaml`, without which a task may do everything */
export function office(tasks?: string): Readonly<Record<string, string>> {
  return packOver(INPUTS, TOOLS, {
    'entities/identities.json': IDENTITIES,
    ...(tasks === undefined ? {} : { 'tasks.yaml': tasks }),
  });
}

/** The agents as originators: they work for their owner without being at work in a call of hers. */
export const BOT = 'Agent::"bot"';
export const RIA = 'Agent::"ria"';

/** A text that only the vault has, and one of no confidence. */
export const SECRET = 'the merger with Acme closes on Friday';
export const PLAN = 'the plan is to repaint the hall';
/** An address of the attacker, one of our own, and accounts of both. */
export const EVE = 'eve@evil.example';
export const PAT = 'pat@firm.example';
export const EVES_ACCOUNT = 'GB29NWBK60161331926819';
export const OUR_ACCOUNT = 'DE89370400440532013000';

export const json = (value: unknown): string => JSON.stringify(value);

type Source = 'read_vault' | 'read_plan';
export const textOf = (source: Source): string => (source === 'read_vault' ? SECRET : PLAN);

/** The attack carries what the vault says, and its twin what the plan says. */
export const leak = (name: string, steps: (source: Source, text: string) => readonly Step[]): Evasion => ({
  ...{ name, passedBefore: false },
  attack: steps('read_vault', SECRET),
  twin: steps('read_plan', PLAN),
});

/** The attack and its twin are the same steps with another value. */
export const between = <T>(name: string, attack: T, twin: T, steps: (value: T) => readonly Step[]): Evasion => ({
  ...{ name, passedBefore: false },
  attack: steps(attack),
  twin: steps(twin),
});

type More = Omit<Call, 'tool'>;

export const read = (source: Source, more: More = {}): Call => ({ tool: source, result: textOf(source), ...more });
export const post = (body: string, more: More = {}): Call => ({ tool: 'post', args: { body }, ...more });
export const mail = (text: unknown, more: More = {}): Call => ({ tool: 'read_mail', result: text, ...more });
export const pay = (account: string, amount: number, more: More = {}): Call => ({
  ...{ tool: 'pay', args: { account, amount }, result: 'paid' },
  ...more,
});
export const remove = (id: string, more: More = {}): Call => ({ tool: 'delete_file', args: { id }, ...more });
export const send = (to: string, body: string, more: More = {}): Call => ({
  ...{ tool: 'send_mail', args: { to: [to], body }, result: 'sent' },
  ...more,
});
/** The files of our own: f-1 and f-2. */
export const files = (more: More = {}): Call => ({
  ...{ tool: 'list_files', result: json([{ id: 'file-4711' }, { id: 'file-4712' }]) },
  ...more,
});
export const contact = (email: string, more: More = {}): Call => ({
  ...{ tool: 'find_contact', args: { name: 'Pat' }, result: json([{ email }]) },
  ...more,
});
export const invoices = (account: string, more: More = {}): Call => ({
  ...{ tool: 'list_invoices', result: json([{ id: 'i-1', account }]) },
  ...more,
});
export const note = (id: string, text: string, more: More = {}): Call => ({
  ...{ tool: 'write_note', args: { id, text }, result: 'written' },
  ...more,
});
export const noted = (id: string, text: string, more: More = {}): Call => ({
  ...{ tool: 'read_note', args: { id }, result: text },
  ...more,
});
