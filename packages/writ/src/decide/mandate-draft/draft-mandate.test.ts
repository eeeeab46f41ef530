import { Schema } from '@writ/cedar';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EFFECTS } from '../../bundle/format/tools.js';
import { Tools } from '../../ledger/flow/tool-description.js';
import type { GrantTerms } from '../../lib/authorization-details.js';
import { type Grant, type Mandate, mandateOf, misfit } from '../../provenance/mandate.js';
import { isWithin } from '../../provenance/within.js';
import { draftMandate } from './draft-mandate.js';

const schema = Schema.parse(`
entity User; entity Tool; entity Order;
action send_email appliesTo { principal: [User], resource: [Tool], context: { input: { recipients: Set<String>, cc?: Set<String>, subject: String, body: String } } };
action pay appliesTo { principal: [User], resource: [Tool], context: { input: { recipient: String, amount: decimal, date?: String } } };
action charge appliesTo { principal: [User], resource: [Order], context: { input: { cents: Long } } };
action delete_email appliesTo { principal: [User], resource: [Tool], context: { input: { email_id: Long } } };
action share_file appliesTo { principal: [User], resource: [Tool], context: { input: { file_id: String, email: String } } };
action publish appliesTo { principal: [User], resource: [Tool], context: { input: { url: String, text: String } } };
action fetch, read_inbox appliesTo { principal: [User], resource: [Tool], context: { input?: { url?: String } } };
`);
const actions = new Map([...schema.actions].map((action) => [action.uid.id, action]));
const email = { role: 'destination', kind: 'email' } as const;
const tools = new Tools(
  {
    send_email: { effects: ['egress', 'write'], arguments: { recipients: email, cc: email, body: 'content' } },
    pay: {
      effects: ['money'],
      arguments: {
        recipient: { role: 'destination', kind: 'iban' },
        amount: 'amount',
        date: { role: 'content', kind: 'date' },
      },
    },
    charge: { effects: ['money'], arguments: { cents: { role: 'amount', kind: 'minor-units' } } },
    delete_email: { effects: ['destroy'], arguments: { email_id: 'target' } },
    share_file: { effects: ['egress'], arguments: { file_id: 'target', email } },
    publish: { effects: ['write'], arguments: { url: { role: 'destination', kind: 'url' }, text: 'content' } },
    fetch: { effects: ['egress'], arguments: { url: { role: 'destination', kind: 'url' } } },
    read_inbox: { effects: ['read'], arguments: {} },
  },
  {},
  EFFECTS,
);
const KIND: readonly GrantTerms[] = [
  { effects: ['read'] },
  { actions: ['send_email', 'pay', 'delete_email', 'share_file', 'publish', 'fetch'], uses: 3 },
  { actions: ['charge'], resources: ['Order'], input: { cents: { min: 1, max: 10_000 } } },
];
const parts = { actions, tool: (name: string) => tools.of(name) };
const draft = (prompt: string, kind: readonly GrantTerms[] = KIND) =>
  draftMandate(prompt, mandateOf('k', kind, 'm'), parts);
/** The constraints of a draft, by action and argument. */
const drafted = (prompt: string, kind?: readonly GrantTerms[]) =>
  Object.fromEntries(
    draft(prompt, kind).constraints.map((one) => [`${one.action}.${one.argument ?? 'resource'}`, one.constraint]),
  );
const covers = ({ grants }: Mandate, name: string, input: object, resource = { type: 'Tool', id: name }): boolean =>
  (grants as readonly Grant[]).some(
    (grant) =>
      misfit(grant, { name, effects: tools.of(name).effects, resource, input, now: new Date(0) }) === undefined,
  );

describe('a mandate that is drafted from the words of the user', () => {
  it('has the addresses, and lets what may be absent be absent', () => {
    const { mandate } = draft('Send the notes to Bob@Partner.example and eve@a.example, please');
    const mail = (more: object) => covers(mandate, 'send_email', { subject: 's', body: 'b', ...more });
    expect(mail({ recipients: ['Bob@Partner.example'] })).toBe(true);
    expect(mail({ recipients: ['bob@partner.example', 'eve@a.example'], cc: null })).toBe(true);
    expect(mail({ recipients: ['bob@partner.example'], cc: ['eve@a.example'] })).toBe(true);
    expect(mail({ recipients: ['bob@partner.example', 'mallory@b.example'] })).toBe(false);
    expect(mail({ recipients: ['bob@partner.example'], cc: ['mallory@b.example'] })).toBe(false);
    expect(mail({})).toBe(false);
    expect(covers(mandate, 'read_inbox', {})).toBe(true);
    expect(covers(mandate, 'pay', { recipient: 'x', amount: 1 })).toBe(true);
  });

  it('has the accounts and the amount', () => {
    const { mandate, unused } = draft('Pay 50.20 EUR to DE89 3704 0044 0532 0130 00.');
    const pay = (recipient: string, amount: unknown) => covers(mandate, 'pay', { recipient, amount });
    expect(pay('DE89370400440532013000', 50.2)).toBe(true);
    expect(pay('DE89 3704 0044 0532 0130 00', 50)).toBe(true);
    expect(pay('DE89370400440532013000', 52)).toBe(false);
    expect(pay('DE89370400440532013000', -5)).toBe(false);
    expect(pay('GB29NWBK60161331926819', 50)).toBe(false);
    expect(unused).toEqual([]);
  });

  it('counts in hundredths where the argument says so, within the kind, and names the resource', () => {
    expect(drafted('Refund 20 EUR for order 17')).toMatchObject({
      'charge.cents': { min: 1, max: 2_000 },
      'charge.resource': ['Order::"17"'],
    });
    expect(drafted('Refund 200 EUR for order 17')['charge.cents']).toEqual({ min: 1, max: 10_000 });
    const { mandate } = draft('Refund 20 EUR for order 17');
    expect(covers(mandate, 'charge', { cents: 2_000 }, { type: 'Order', id: '17' })).toBe(true);
    expect(covers(mandate, 'charge', { cents: 2_001 }, { type: 'Order', id: '17' })).toBe(false);
    expect(covers(mandate, 'charge', { cents: 5 }, { type: 'Order', id: '18' })).toBe(false);
  });

  it('has the ids with their noun, as the schema has them', () => {
    expect(drafted('1. Look at what is new. 2. Delete email 17 and 18.')).toEqual({
      'delete_email.email_id': { one_of: [17, 18] },
    });
    expect(drafted('Delete message 17')).toEqual({});
  });

  it('has the days that have only one reading', () => {
    expect(drafted('Pay 5 EUR on 2026-12-24')['pay.date']).toEqual({ one_of: ['2026-12-24'], optional: true });
    expect(drafted('Pay 5 EUR on 24 December 2026')['pay.date']).toEqual({
      one_of: ['2026-12-24', '24 December 2026'],
      optional: true,
    });
  });

  it('shows for each constraint the words that it came from', () => {
    const prompt = 'Write to bob@a.example: delete email 17';
    const { constraints } = draft(prompt);
    expect(constraints.length).toBeGreaterThan(1);
    for (const { words } of constraints) {
      expect(words.length).toBeGreaterThan(0);
      for (const { text, at } of words) expect(prompt.slice(at, at + text.length)).toBe(text);
    }
  });

  it.each([
    ['somebody by name too', 'Send it to bob@a.example and to Lisa'],
    ['somebody by name before', 'Send it to Lisa and bob@a.example'],
    ['somebody by name after', 'Send it to bob@a.example, Lisa and Tom'],
    ['somebody by a word', 'Send it to bob@a.example and a copy to my boss'],
    ['the user', 'Send it to bob@a.example and to me'],
    ['everybody of a group', 'Send what bob@a.example wrote to everyone in the team'],
    ['whose mail is read', 'Summarize the last mail from bob@a.example'],
    ['no address', 'Send it'],
  ])('constrains no addressee where the prompt names %s', (_what, prompt) => {
    const { constraints, unused } = draft(prompt);
    expect(constraints.filter(({ action }) => action === 'send_email')).toEqual([]);
    if (prompt.includes('@')) expect(unused).toMatchObject([{ text: 'bob@a.example' }]);
  });

  it.each([
    ['behind its name', "Plan a lunch with Sarah. Her email address is 'sarah@a.example'.", 'sarah@a.example'],
    ['behind its verb', 'Add also ana@a.example, ben@b.example to the participants of the event', 'ana@a.example'],
    [
      'beside a thing',
      'According to the file, add a line to the document and send it to bob@a.example',
      'bob@a.example',
    ],
    ['in brackets', 'Send it to Bob (bob@a.example)', 'bob@a.example'],
    ['as one who is invited', 'Invite bob@a.example for me', 'bob@a.example'],
  ])('has an addressee %s', (_what, prompt, address) => {
    expect(drafted(prompt)['send_email.recipients']).toMatchObject({ one_of: expect.arrayContaining([address]) });
  });

  it.each([
    ['two people and one address', "Plan a lunch with Sarah and one with Tom. Her address is 'sarah@a.example'."],
    ['the participants, who are not added to', 'Send the mail of bob@a.example to the participants of the event'],
    ['a person by their part', 'Send it to bob@a.example and to the client'],
  ])('constrains no addressee by %s', (_what, prompt) => {
    expect(drafted(prompt)['send_email.recipients']).toBeUndefined();
  });

  it('has the account that is refunded, or stated', () => {
    const iban = 'GB29NWBK60161331926819';
    expect(drafted(`Refund ${iban} for what they sent`)['pay.recipient']).toMatchObject({
      one_of: [iban, iban.toLowerCase()],
    });
    expect(drafted(`Set up a payment for me. The recipient is ${iban}.`)['pay.recipient']).toBeDefined();
    expect(drafted(`They paid from their account ${iban}. Send it back to them`)['pay.recipient']).toBeUndefined();
  });

  it.each([
    ['each time', 'Pay 50 EUR each to DE89370400440532013000 and GB29NWBK60161331926819'],
    ['more than it', 'Refund everything over 50 EUR'],
    ['another payment without an amount', 'Pay the bill, then transfer 50 EUR to DE89370400440532013000'],
    ['what there is', 'I have 500 EUR. Pay the bill'],
    ['two currencies', 'Pay 50 EUR and 60 USD'],
    ['no currency', 'Pay 50'],
    ['a part', 'Pay 20 % of it'],
  ])('constrains no amount where the prompt names %s', (_what, prompt) => {
    expect(drafted(prompt)['pay.amount']).toBeUndefined();
  });

  it.each([
    ['a title where an id is needed', 'Share the file "plan.docx" with bob@a.example', 'share_file.file_id'],
    ['the other one', 'Delete email 17 and the other email', 'delete_email.email_id'],
    ['all of them', 'Delete email 17 and all emails of today', 'delete_email.email_id'],
    ['a list number', '1. Read my email\n2. Delete it', 'delete_email.email_id'],
    ['a page that leads to others', 'Go to https://a.example/x', 'fetch.url'],
    ['a day by its distance', 'Pay 5 EUR on 2026-12-24 or tomorrow', 'pay.date'],
  ])('constrains nothing by %s', (_what, prompt, argument) => {
    expect(drafted(prompt)[argument]).toBeUndefined();
  });

  it('constrains the address that something is published at', () => {
    expect(drafted('Publish it to https://a.example/x')).toMatchObject({
      'publish.url': { one_of: expect.arrayContaining(['https://a.example/x']) },
    });
  });

  it('reports what it did not use, with the reason', () => {
    const { unused } = draft('Send it to bob@a.example and to Lisa, at 10:30, see AB-1234 and 04/05/2026');
    expect(unused.map(({ text }) => text)).toEqual(['bob@a.example', 'AB-1234', '04/05/2026']);
    expect(unused[0]?.why).toContain('Lisa');
  });

  it('is the mandate itself where the task may do anything', () => {
    const any: Mandate = { kind: 'k', grants: 'any' };
    const { mandate, unused } = draftMandate('Send it to bob@a.example', any, parts);
    expect(mandate).toBe(any);
    expect(unused).toMatchObject([{ text: 'bob@a.example' }]);
  });

  it('is the mandate itself where the prompt is a document, which it says', () => {
    const { constraints, unused } = draft(`Send it to bob@a.example${' and on'.repeat(5_000)}`);
    expect(constraints).toEqual([]);
    expect(unused).toMatchObject([{ why: 'the prompt is too long to be read' }]);
  });

  it('names the actions where the kind names effects, so that what is constrained is not covered by them', () => {
    const { mandate } = draft('Send it to bob@a.example', [{ effects: ['read', 'egress', 'write'] }]);
    expect(covers(mandate, 'send_email', { recipients: ['x@b.example'] })).toBe(false);
    expect(covers(mandate, 'send_email', { recipients: ['bob@a.example'] })).toBe(true);
    expect(covers(mandate, 'read_inbox', {})).toBe(true);
    expect(covers(mandate, 'publish', { url: 'x', text: 'y' })).toBe(true);
  });

  it('keeps the caps of the grant that a part is of: together the parts may do no more', () => {
    const { mandate } = draft('Send it to bob@a.example');
    const caps = (mandate.grants as readonly Grant[])
      .filter(({ actions }) => actions?.[0] !== 'charge')
      .flatMap(({ caps }) => caps);
    expect(new Set(caps.map(({ id }) => id))).toEqual(new Set(['m#1']));
  });

  it('has at most as many elements as a token may have', () => {
    const kind: GrantTerms[] = Array.from({ length: 16 }, (_, i) => ({ actions: ['send_email', 'pay'], until: i + 1 }));
    const { mandate, constraints } = draft('Send it to bob@a.example', kind);
    expect(mandate.grants).toHaveLength(16);
    expect(constraints).toEqual([]);
  });

  it('is within the kind of task, whatever the prompt says', () => {
    const words = fc.constantFrom(
      ...'send it to and for order email delete pay refund , . bob@a.example DE89370400440532013000 50 EUR 17 #18 "x" https://a.example each Lisa 2026-12-24 \n 1.'.split(
        ' ',
      ),
    );
    let narrower = 0;
    fc.assert(
      fc.property(fc.array(words, { maxLength: 14 }), fc.integer({ min: 0, max: 3 }), (said, which) => {
        const kind = which === 0 ? KIND : ([{ effects: [...EFFECTS].slice(0, which + 2) }] as GrantTerms[]);
        const whole = mandateOf('k', kind, 'm').grants as readonly Grant[];
        const { mandate, constraints } = draft(said.join(' '), kind);
        if (constraints.length > 0) narrower += 1;
        for (const { caps, ...terms } of mandate.grants as readonly Grant[])
          expect(whole.some((one) => isWithin(terms, one) && JSON.stringify(one.caps) === JSON.stringify(caps))).toBe(
            true,
          );
      }),
      { numRuns: 1_000 },
    );
    expect(narrower).toBeGreaterThan(100);
  });
});
