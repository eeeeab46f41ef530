import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callValues } from './call-values.js';
import type { Labels } from './labels.js';
import { originsOf } from './origins.js';
import { saidIn } from './said-values.js';
import { TaskValues } from './task-values.js';
import { Tools } from './tool-description.js';

type Known = Parameters<typeof originsOf>[2];
type DeclaredTool = ConstructorParameters<typeof Tools>[0][string];

const toolOf = (declared: DeclaredTool, isDescribed = true) =>
  new Tools(isDescribed ? { send: declared } : {}, {}, ['egress']).of('send');
const labelled = (integrity: Labels['integrity'], names: string[] = []): Labels => ({
  integrity,
  confidentiality: 'internal',
  names,
});
function known(say: (values: TaskValues) => void = () => undefined, more: Partial<Known> = {}): Known {
  const values = new TaskValues();
  say(values);
  return { values, taskLabels: [], named: [], isMandated: false, ...more };
}

describe('originsOf', () => {
  const invite = toolOf({
    arguments: { 'guests[*].email': { role: 'destination', kind: 'email' }, title: 'content', 'rooms[*].id': 'target' },
  });

  it('traces values that are nested, each with its place', () => {
    const values = (v: TaskValues): void =>
      void v.addResult(
        '01D',
        'contacts',
        saidIn([{ at: '$[0]', value: 'ana@x.example', labels: labelled('internal'), kind: 'email' }]),
      );
    const call = originsOf(
      invite,
      { guests: [{ email: 'ana@x.example' }, { email: 'eve@x.example' }], title: 'hi' },
      known(values, { taskLabels: ['pii'] }),
    );
    expect(call.origins).toMatchObject([
      {
        argument: 'guests[*].email',
        role: 'destination',
        from: 'field',
        integrity: 'internal',
        source: { tool: 'contacts' },
      },
      {
        argument: 'guests[*].email',
        role: 'destination',
        from: 'nowhere',
        integrity: 'external',
        labels: ['external', 'pii'],
      },
      { argument: 'title', role: 'content', from: 'nowhere' },
    ]);
    // One that nobody said is enough; a role that the call has no value for holds nothing.
    expect(call.ofRole('destination')).toMatchObject({
      integrity: 0,
      domains: ['x.example'],
      from: ['field', 'nowhere'],
    });
    expect(call.ofRole('target')).toMatchObject({ integrity: 4, values: [] });
    expect(call.ofRole('secret')).toBeUndefined();
    expect(call.ofArgument('guests')?.values).toEqual(['ana@x.example', 'eve@x.example']);
    expect(call.authority).toBe(0);
  });

  it('counts what the mandate names, and what a person approved, as the user’s', () => {
    const call = originsOf(
      toolOf({ arguments: { to: 'destination', text: 'content' } }),
      { to: 'bob', text: 'secret plan' },
      known((v) => v.approve('secret plan'), { named: ['to'], taskLabels: ['pii'] }),
    );
    expect(call.origins).toMatchObject([
      { from: 'mandate', integrity: 'user', labels: [] },
      // The approved value is right, and not for everybody.
      { from: 'approval', integrity: 'user', labels: ['pii'] },
    ]);
  });

  it('traces every argument of a tool that nothing describes', () => {
    const call = originsOf(
      toolOf({}, false),
      { a: { deep: ['ticket'] }, n: 7 },
      known((v) => v.addPrompt('do the ticket with number 7')),
    );
    expect(call.ofRole('destination')).toMatchObject({ integrity: 4, values: ['7', 'ticket'] });
    expect(call.ofRole('content')).toMatchObject({ integrity: 4 });
    expect(
      originsOf(
        toolOf({}, false),
        { a: 'y' },
        known((v) => v.addPrompt('do x')),
      ).authority,
    ).toBe(0);
  });

  it('takes content of the user’s own words for the user’s, and any other word for nobody’s', () => {
    const send = toolOf({ arguments: { text: 'content' } });
    const from = (text: string): string | undefined =>
      originsOf(
        send,
        { text },
        known((v) => v.addPrompt('Tell Ben that the release is done')),
      ).origins[0]?.from;
    expect([from('The release is done'), from('the release is not done'), from('Ben')]).toEqual([
      'prompt',
      'nowhere',
      'prompt',
    ]);
  });

  it('knows how far the addresses in content may be believed', () => {
    const send = toolOf({ arguments: { text: 'content' } });
    const links = (text: string): number | undefined =>
      originsOf(
        send,
        { text },
        known((v) => v.addPrompt('send https://a.example/x')),
      ).ofRole('content')?.links;
    expect([links('see https://a.example/x'), links('see https://b.example/x'), links('no address')]).toEqual([
      4, 0, 4,
    ]);
  });

  it('never believes more than it looked at', () => {
    const send = toolOf({ arguments: { to: 'destination' } });
    const all = Array.from({ length: 1_500 }, () => 'ana');
    const call = originsOf(
      send,
      { to: all },
      known((v) => v.addPrompt('write to ana')),
    );
    expect([call.origins.length, call.authority]).toEqual([1_001, 0]);
    let deep: unknown = 'ana';
    for (let i = 0; i < 100; i += 1) deep = [deep];
    expect(
      originsOf(
        send,
        { to: deep },
        known((v) => v.addPrompt('write to ana')),
      ).authority,
    ).toBe(0);
    expect(callValues(send, { to: ['a', 'b'] }).map(({ value }) => value)).toEqual(['a', 'b']);
  });

  it('takes no time that whoever writes the values can choose', () => {
    const send = toolOf({ arguments: { to: 'destination', text: 'content' } });
    const long = (unit: string): string => unit.repeat(1_000_000 / unit.length);
    const hostile = ['a', 'a-', 'a.', '1', 'DE12 ', '!', 'www.!', 'a@', '%41', ' '].map(long);
    const say = (v: TaskValues): void => {
      v.addPrompt(long('a').slice(0, 200_000));
      for (const unit of hostile)
        void v.addResult(
          '01D',
          'look',
          saidIn([{ at: '$', value: unit.slice(0, 60_000), labels: labelled('external'), kind: undefined }]),
        );
    };
    const values = known(say);
    for (const text of hostile) expect(originsOf(send, { text }, values).authority).toBeLessThanOrEqual(4);
    // Past what one call may cost, nothing is found, and so nothing is trusted.
    const many = Array.from({ length: 1_000 }, (_, i) => `aa ${i}`);
    expect(originsOf(send, { to: many }, values).authority).toBe(0);
  });

  it('asks for a tool by a word of the prompt, or by a mandate', () => {
    const asked = (prompt: string, more: Partial<Known> = {}, words?: string[]): boolean =>
      originsOf(
        toolOf({ ...(words === undefined ? {} : { asked: words }) }),
        {},
        known((v) => v.addPrompt(prompt), more),
      ).asked;
    expect([asked('Forward it'), asked('Read it'), asked('Read it', { isMandated: true })]).toEqual([
      true,
      false,
      true,
    ]);
    expect([asked('Ping them', {}, ['ping']), asked('Forward it', {}, ['ping'])]).toEqual([true, false]);
  });

  it('gives no destination authority that only a text has, however it is written (property)', () => {
    const word = fc.stringMatching(/^[a-z]{3,8}$/);
    fc.assert(
      fc.property(
        word,
        word,
        fc.array(word, { maxLength: 5 }),
        fc.constantFrom('internal', 'system', 'attested'),
        (name, host, around, integrity) => {
          const address = `${name}@${host}.example`;
          const text = [...around, address, ...around, 'please'].join(' ');
          const send = toolOf({ arguments: { to: 'destination' } });
          const say = (v: TaskValues): void =>
            void v.addResult(
              '01D',
              'mail',
              saidIn([{ at: '$', value: text, labels: labelled(integrity as 'internal'), kind: undefined }]),
            );
          for (const written of [address, address.toUpperCase(), encodeURIComponent(address), ` ${address}`]) {
            const call = originsOf(send, { to: written }, known(say));
            expect([call.authority, call.origins[0]?.from]).toEqual([0, 'text']);
          }
        },
      ),
    );
  });
});
