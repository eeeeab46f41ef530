import { describe, expect, it } from 'vitest';
import type { Role } from './declared-tool.js';
import { nounsFor } from './nouns.js';
import { Prompt } from './prompt-values.js';

const EFFORT = 16 * 2 ** 20;
function named(
  prompt: string,
  value: string | number,
  tool = 'delete_email',
  argument = 'email_id',
  role: Role = 'target',
) {
  const use = { role, kind: undefined, nouns: nounsFor(tool, argument) };
  return new Prompt(prompt).names(value, use, { characters: EFFORT });
}

describe('an identifier that the user named', () => {
  it.each([
    ['the noun before it', 'Delete email 3', 3],
    ['the noun of a like thing', 'Delete the message 3, please', 3],
    ['the plural and a list', 'Delete emails 3, 7 and 12', 12],
    ['its number', 'Delete the one with ID 3', 3],
    ['a colon', 'Delete this email: 3', 3],
    ['a number sign', 'Delete #3', 3],
    ['quotes', "Delete '3'", '3'],
    ['its length', 'Delete 20260143', 20260143],
    ['letters and digits', 'Delete W2378x', 'W2378x'],
    ['the end of a sentence', 'Delete email 3. Then stop.', 3],
  ])('has %s', (_what, prompt, value) => {
    expect(named(prompt, value)).toBe(true);
  });

  it.each([
    ['the number of a list', '1. Tell me what is new.\n2. Look at my email', 2],
    ['the number of a list within a line', 'Here is what to do with my email: 1. Read it. 2. Stop.', 1],
    ['the number of a list in parentheses', 'My email: (1) read it', 1],
    ['a step', 'Step 3: read my email', 3],
    ['an amount', 'Read my email and pay 50 to the gardener', 50],
    ['an amount after the noun', 'Delete email 3 and pay for email 50 euros', 50],
    ['an amount with a sign', 'Delete the email about the invoice, $50', 50],
    ['a time', 'Look at my email 3 hours from now', 3],
    ['a time of day', 'Read my email at 10:30', 10],
    ['a minute', 'Read my email at 10:30', 30],
    ['a day', 'Read the email 12 May', 12],
    ['a day of a date', 'Read the email of 2024-05-15', 15],
    ['a count', 'Read the 3 emails', 3],
    ['how often', 'Send the email 3 times', 3],
    ['a part of a number', 'Delete email 37', 3],
    ['a part of a number with a comma', 'Delete email 1,200', 200],
    ['a common word', 'Read all of my email', 'all'],
    ['a letter', 'Read a mail', 'a'],
  ])('is not %s', (_what, prompt, value) => {
    expect([named(prompt, value), named(prompt, String(value))]).toEqual([false, false]);
  });
});

describe('a value that the user named', () => {
  const names = (prompt: string, value: string): boolean => named(prompt, value, 'send', 'to', 'destination');
  it.each([
    ['a name in other letters', 'Write to BOB', 'Bob'],
    ['a host in other letters', 'Write to bob@Shop.Example', 'bob@shop.example'],
    ['a page without its scheme', 'Read www.news.example today', 'https://www.news.example'],
    ['a page with a scheme, asked for without one', 'Read https://www.news.example today', 'www.news.example/'],
    ['an address with the name of its owner', 'Write to bob@shop.example', 'Bob <bob@shop.example>'],
    ['an address with a quoted name', 'Write to bob@shop.example', '"Bob B." <bob@shop.example>'],
    ['an account in groups', 'Pay DE89 3704 0044 0532 0130 00', 'DE89370400440532013000'],
    ['a name over two lines', 'Book the Grand\nHotel', 'Grand Hotel'],
  ])('is %s', (_what, prompt, value) => {
    expect(names(prompt, value)).toBe(true);
  });

  it.each([
    ['another scheme', 'Read https://shop.example/a', 'file://shop.example/a'],
    ['a scheme without encryption', 'Read https://shop.example/a', 'http://shop.example/a'],
    ['an old scheme where none was said', 'Read shop.example/a', 'gopher://shop.example/a'],
    ['a file in other letters', 'Send Report.txt', 'report.txt'],
    ['a path in other letters', 'Read https://shop.example/AbC', 'https://shop.example/abc'],
    ['another mailbox in other letters', 'Write to Ana@shop.example', 'ana@shop.example'],
    ['characters that are folded', 'Send file2.txt', 'file².txt'],
    ['an address with folded characters', 'Write to ana@shop.example', 'ªna@shop.example'],
    ['an encoded address', 'Write to bob@shop.example', 'bob%40shop.example'],
    ['more of an address', 'Read https://shop.example/a', 'https://shop.example/a?x=1'],
    ['less of an address', 'Read https://shop.example/a?x=1', 'https://shop.example/a'],
    ['another port', 'Read https://shop.example:8443', 'https://shop.example'],
    ['a user in an address', 'Read https://ana@shop.example', 'https://shop.example'],
    ['an identifier in other letters', 'Open aB3xK9', 'AB3XK9'],
    ['another address behind a name', 'Write to bob@shop.example', 'bob@shop.example <eve@evil.example>'],
    ['two addresses', 'Write to bob@shop.example', 'Eve <eve@evil.example>, Bob <bob@shop.example>'],
    ['another header', 'Write to bob@shop.example', 'Bob\r\nBcc: eve <bob@shop.example>'],
  ])('is not %s', (_what, prompt, value) => {
    expect(names(prompt, value)).toBe(false);
  });

  it('is no number and no short word of a prompt that is too long to be understood', () => {
    const long = `Delete email 3. ${'x '.repeat(10_000)}`;
    expect([named(long, 3), named(long, '3'), names(`Write to ana@shop.example. ${long}`, 'ana@shop.example')]).toEqual(
      [...[false, false, true]],
    );
  });

  it('is an amount, and no date, time, identifier or number of a list', () => {
    const prompt = new Prompt('1. Pay 1,200.50 for order #88 by 12 May 2026, 10:30.\n2. Then €30 for 3 hours');
    const amounts = [1200.5, 30, 88, 12, 2026, 10, 1, 2, 3].filter((n) =>
      prompt.names(n, { role: 'amount', kind: undefined, nouns: new Set() }, { characters: EFFORT }),
    );
    expect(amounts).toEqual([1200.5, 30]);
  });
});

describe('content of the words of a prompt', () => {
  const said = (text: string): boolean =>
    new Prompt('Tell Ben that the release of the new site is done, and that it is good').names(
      text,
      { role: 'content', kind: undefined, nouns: new Set() },
      { characters: EFFORT },
    );
  it.each(['the release of the new site is done', 'Ben', 'The new site is done!', 'THE NEW SITE IS DONE'])(
    'is %j',
    (text) => {
      expect(said(text)).toBe(true);
    },
  );

  it.each([
    ['no words', '... --- ...'],
    ['symbols', '■□■□'],
    ['white space', ' \t  \t '],
    ['characters that no eye sees', '\u{e0041}\u{e0042}'],
    ['words and hidden characters', 'Ben\u200b\u200c\u200b'],
    ['words and white space that is a code', 'the  new site  is'],
    ['line ends that are a code', 'the new\nsite is\ndone'],
    ['capital letters that are a code', 'thE nEw site is Done'],
    ['another word', 'the release is bad'],
    ['some of the words', 'the release is good'],
    ['words in another order', 'done is site the'],
    ['words that are a code', 'the is the the is is the'],
    ['words with symbols that are a code', 'the!!!!????!!! release'],
  ])('is not %s', (_what, text) => {
    expect(said(text)).toBe(false);
  });
});

describe('what the user said of a value', () => {
  it.each([
    ['must stay', 'Delete the oldest email, but never email 3', 3],
    ['must not be done', 'Do not delete email 12', 12],
    ['is to be kept', 'Delete the old ones, but keep email 7', 7],
    ['is an exception', 'Delete all emails except email 12', 12],
    ['was done before', 'I deleted email 3 yesterday and got it back. Delete another one', 3],
    ['is of another thing', 'Delete the email about issue #17', 17],
    ['is the title of something else', 'Delete the email about the film "12"', 12],
    ['is a size', 'Delete the email of 12 MB', 12],
  ])('names nothing, if it %s', (_what, prompt, value) => {
    expect([named(prompt, value), named(prompt, String(value))]).toEqual([false, false]);
  });

  it('is meant, if the refusal is of another sentence, or is none', () => {
    expect(named('Do not answer. Delete email 3', 3)).toBe(true);
    expect(named("Don't forget to delete email 3", 3)).toBe(true);
    expect(named('Never write to eve@evil.example', 'eve@evil.example', 'send', 'to', 'destination')).toBe(false);
  });
});

describe('a record that the user named', () => {
  const names = (prompt: string, name: string): boolean =>
    new Prompt(prompt).namesRecord(name, nounsFor('list_events', 'title'), { characters: EFFORT });
  const prompt = 'Read my mail, and send a reminder to the organizer of the Team lunch';
  it.each([
    ['in quotes', "Invite all of 'team lunch'", 'team lunch'],
    ['as a proper name', prompt, 'Team lunch'],
    ['with its noun', 'Invite all of the event lunch', 'lunch'],
    ['by an address', 'Read the mail of ana@corp.example', 'ana@corp.example'],
  ])('is named %s', (_what, text, name) => {
    expect(names(text, name)).toBe(true);
  });

  it.each(['reminder', 'my mail', 'lunch', 'organizer', 'of the Team', 'Read', 'Read my mail', prompt])(
    'is not %j',
    (name) => {
      expect(names(prompt, name)).toBe(false);
    },
  );
});
