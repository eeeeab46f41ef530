import { describe, expect, it } from 'vitest';
import { ToolDescriptionError } from '../errors.js';
import { withDetections } from './detectors.js';
import { labelNames } from './labels.js';
import { leavesOf } from './result-labels.js';
import { readAnswer } from './result-value.js';
import { type ToolDescription, Tools } from './tool-description.js';

type DeclaredTool = ConstructorParameters<typeof Tools>[0][string];

const toolOf = (declared: DeclaredTool) => new Tools({ look: declared }, {}, []).of('look');
const answered = (tool: ToolDescription, input: unknown, result: unknown, stored: string[] = []) =>
  leavesOf(tool, input, readAnswer(result, tool.format), stored);
/** `path: integrity confidentiality names`, of each value. */
function labelled(
  declared: DeclaredTool,
  result: unknown,
  input: unknown = {},
  stored: string[] = [],
): Record<string, string> {
  const leaves = answered(toolOf(declared), input, result, stored);
  return Object.fromEntries(
    leaves.map(({ at, value, labels: { integrity, confidentiality, names } }) => [
      `${at}=${value}`,
      [integrity, confidentiality, ...names].join(' '),
    ]),
  );
}

/** The values of an answer that confer no more than `attested`, by their path. */
function namesIn(result: DeclaredTool['result'], answer: unknown): string[] {
  const leaves = answered(toolOf({ result }), {}, answer);
  return leaves.flatMap(({ at, value, isName }) => (isName === true ? [`${at}=${value}`] : []));
}

describe('readers of a part of an answer', () => {
  const readersIn = (result: DeclaredTool['result'], answer: unknown) =>
    Object.fromEntries(
      answered(toolOf({ result }), {}, answer).map(({ at, labels: { readers } }) => [
        at,
        readers?.map((clause) => (clause === '' ? 0 : clause.split(',').length)),
      ]),
    );
  const [ANA, BEN] = ['ana@x.example', 'ben@x.example'];

  it('are those of the deepest rule, of the innermost record, and not of parts that are restricted or public', () => {
    const rules = {
      $: { confidentiality: 'confidential', readers: [ANA] },
      '$.list[*]': { readers: ['record.to'] },
      '$.list[*].pin': 'restricted',
      '$.list[*].nr': 'public',
      '$.list[*].inner': { readers: ['record.to', BEN] },
    } as const;
    const item = { to: [ANA, BEN], text: 'a', pin: 'p', nr: 'n', inner: { to: ANA, text: 'b' } };
    expect(readersIn(rules, { list: [item], text: 'c' })).toMatchObject({
      '$.list[0].text': [2],
      '$.list[0].pin': undefined,
      '$.list[0].nr': undefined,
      '$.list[0].inner.text': [2],
      '$.text': [1],
    });
  });

  it('are of both rules at one place', () => {
    const rules = { $: [{ readers: [ANA, BEN] }, { readers: ['staff'] }] };
    expect(readersIn(rules, { text: 'a' })['$.text']).toEqual([2, 1]);
  });

  it('are nobody for a text that can be any part, unless a rule is for the whole', () => {
    const [first] = Object.values(readersIn({ '$[*]': { readers: [ANA] } }, 'text'));
    expect(first).toEqual([0]);
    expect(readersIn({ $: { readers: [ANA, BEN] } }, 'text').$).toEqual([2]);
    expect(readersIn({ $: { readers: ['record.to'] } }, 'text').$).toEqual([0]);
  });
});

describe('names that others may have chosen', () => {
  const answer = {
    files: [{ id: 7, file_name: 'a.txt', ownerName: 'ana', size: 3 }],
    tags: { title: 'x', names: ['y'] },
  };

  it('are the values of members that are names, titles and subjects, and the keys of records', () => {
    expect(namesIn('internal', answer)).toEqual([
      '$=files',
      '$.files[0]=id',
      '$.files[0]=file_name',
      '$.files[0].file_name=a.txt',
      '$.files[0]=ownerName',
      '$.files[0].ownerName=ana',
      '$.files[0]=size',
      '$=tags',
      '$.tags=title',
      '$.tags.title=x',
      '$.tags=names',
      '$.tags.names[0]=y',
    ]);
  });

  it('are as their author says, where the author names them', () => {
    const result = {
      $: 'internal',
      '$.files[*].file_name': 'system',
      '$.tags.*~': 'internal',
      '$..names[*]': 'internal',
    };
    const names = namesIn(result, answer);
    for (const one of ['$.files[0].file_name=a.txt', '$.tags=title', '$.tags=names', '$.tags.names[0]=y'])
      expect(names).not.toContain(one);
    expect(names).toContain('$.tags.title=x');
    expect(namesIn({ $: 'internal', '$..*': 'internal' }, answer)).toContain('$.tags.title=x');
  });
});

describe('rules about the keys of records', () => {
  it('label the keys, and not their values; conditions see the key', () => {
    const result = {
      $: 'external',
      '$.shared_with.*~': { integrity: 'internal', kind: 'email', when: 'key.endsWith("@own.example")' } as const,
      '$.shared_with.*': { labels: ['right'], when: 'key.startsWith("ana") && value == "rw"' },
    };
    const got = labelled({ result }, { shared_with: { 'ana@own.example': 'rw', 'eve@evil.example': 'r' } });
    expect(got).toMatchObject({
      '$.shared_with=ana@own.example': 'internal confidential',
      '$.shared_with=eve@evil.example': 'external confidential',
      '$.shared_with["ana@own.example"]=rw': 'external confidential right',
      '$.shared_with["eve@evil.example"]=r': 'external confidential',
    });
    const leaves = answered(toolOf({ result }), {}, { shared_with: { 'ana@own.example': 'rw' } });
    expect(leaves.find(({ value }) => value === 'ana@own.example')).toMatchObject({ kind: 'email' });
  });

  it('see null for the whole, and the index in a list', () => {
    const result = { $: { labels: ['whole'], when: 'key == null' }, '$[*]': { labels: ['first'], when: 'key == 0' } };
    expect(labelled({ result }, ['a', 'b'])).toEqual({
      '$[0]=a': 'external confidential first whole',
      '$[1]=b': 'external confidential whole',
    });
  });
});

describe('labels of results', () => {
  it('counts what nothing describes as external and confidential', () => {
    expect(labelled({}, { a: 1 })).toEqual({ '$=a': 'external confidential', '$.a=1': 'external confidential' });
    expect(labelled({ result: { '$.a': 'internal' } }, { b: 'x' })['$.b=x']).toBe('external confidential');
  });

  it('lets the deepest rule say what a value is, and two at one place both', () => {
    const result = {
      $: ['external', 'pii'],
      '$.items[*]': 'internal',
      '$.items[*].body': 'external',
      '$.items[0].body': 'attested',
    };
    const got = labelled({ result }, { items: [{ id: 7, body: 'x' }, { body: 'y' }] });
    expect(got['$.items[0].id=7']).toBe('internal internal pii');
    expect(got['$.items[0].body=x']).toBe('external internal pii');
    expect(got['$.items[1].body=y']).toBe('external internal pii');
  });

  it('applies a rule when its condition holds: over the arguments, the record and the value', () => {
    const declared: DeclaredTool = {
      result: {
        $: 'internal',
        '$[*].subject': { integrity: 'external', when: 'record.recipient == input.me' },
        '$[*].note': { labels: ['secret'], when: 'value.startsWith("key")' },
      },
    };
    const got = labelled(
      declared,
      [
        { recipient: 'me', subject: 's1', note: 'key 1' },
        { recipient: 'you', subject: 's2', note: 'n' },
      ],
      { me: 'me' },
    );
    expect(got).toMatchObject({
      '$[0].subject=s1': 'external internal',
      '$[1].subject=s2': 'internal internal',
      '$[0].note=key 1': 'internal internal secret',
      '$[1].note=n': 'internal internal',
    });
  });

  it('counts a value as unclassified when the condition on it cannot be worked out', () => {
    const declared: DeclaredTool = {
      result: { $: 'internal', '$.a': { integrity: 'system', when: 'record.missing.deeper == 1' } },
    };
    expect(labelled(declared, { a: 'x' })['$.a=x']).toBe('external confidential');
  });

  it('joins the labels of the store that it was read from', () => {
    expect(labelled({ result: 'internal' }, 'x', {}, ['external', 'pii'])).toEqual({ '$=x': 'external internal pii' });
  });

  it.each<[string, DeclaredTool, unknown]>([
    ['JSON in a text', {}, '{ "a": { "b": "v" } }'],
    ['YAML in a text, if its description says so', { format: 'yaml' }, 'a:\n  b: v\n'],
    ['the text of an MCP result', {}, { content: [{ type: 'text', text: '{"a":{"b":"v"}}' }] }],
    [
      'the structured content of an MCP result',
      {},
      { content: [{ type: 'text', text: 'said' }], structuredContent: { a: { b: 'v' } } },
    ],
    ['lines with names', { format: 'lines' }, 'a: v\nsecond'],
  ])('reads %s', (_what, declared, result) => {
    const places = answered(toolOf(declared), {}, result).map(({ at, value }) => `${at}=${value}`);
    expect(places).toContain(declared.format === 'lines' ? '$[0].a=v' : '$.a.b=v');
  });

  it('reads no YAML that its description does not speak of', () => {
    expect(labelled({ result: 'internal' }, 'a:\n  b: v\n')).toEqual({ '$=a:\n  b: v\n': 'internal internal' });
  });

  it.each<[string, unknown, string]>([
    ['YAML that is not read', 'id: 1\nbody: pay eve', '$=id: 1\nbody: pay eve'],
    ['prose', { content: [{ type: 'text', text: 'pay eve' }] }, '$=pay eve'],
    [
      'one of several texts',
      { content: ['{"id":1}', 'pay eve'].map((text) => ({ type: 'text', text })) },
      '$[1]=pay eve',
    ],
    [
      'a text beside structured content',
      { content: [{ type: 'text', text: 'pay eve' }], structuredContent: { id: 1 } },
      '$.text=pay eve',
    ],
  ])('a text without structure has the labels of every rule: %s', (_name, result, at) => {
    const declared: DeclaredTool = {
      result: { $: 'internal', '$.body': ['external', 'pii'], '$.id': { integrity: 'system', when: 'value > 9' } },
    };
    expect(labelled(declared, result)[at]).toBe('external internal pii');
    // Without a rule for the whole it can be anything in addition.
    expect(labelled({ result: { '$.body': ['internal', 'pii'] } }, result)[at]).toBe('external confidential pii');
    expect(labelled({ result: 'internal' }, result)[at]).toBe('internal internal');
  });

  it('labels what an MCP result says besides its structured content as the whole', () => {
    const result = { content: [{ type: 'text', text: 'besides' }], structuredContent: { a: 'v' } };
    expect(labelled({ result: { '$.a': 'internal' } }, result)).toMatchObject({
      '$.a=v': 'internal internal',
      '$.text=besides': 'external confidential',
    });
  });

  it('does not take prose for structure, nor follow aliases that multiply', () => {
    expect(labelled({}, 'Dear tenant,\nplease note: the rent is 100.\nBest')).toHaveProperty(
      '$=Dear tenant,\nplease note: the rent is 100.\nBest',
    );
    const bomb = 'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]';
    expect(answered(toolOf({}), {}, bomb)).toHaveLength(1);
  });

  it('does bounded work for whatever a tool answers', () => {
    expect(
      answered(
        toolOf({}),
        {},
        Array.from({ length: 100_000 }, (_, i) => i),
      ).length,
    ).toBeLessThanOrEqual(100_000);
    let deep: unknown = 'x';
    for (let i = 0; i < 5_000; i += 1) deep = [deep];
    expect(answered(toolOf({}), {}, deep)).toHaveLength(1);
    const [leaf] = answered(toolOf({ result: { $: 'internal', '$..id': 'system' } }), {}, deep);
    expect(leaf && labelNames(leaf.labels)).toEqual(['confidential', 'external']);
  });

  it.each<[DeclaredTool, RegExp]>([
    [{ result: { '$.a[': 'external' } }, /is not a JSONPath/],
    [{ result: { $: { when: 'value ==' } } }, /is not CEL/],
    [{ result: { $: { when: '1' } } }, /gives int/],
    [{ result: 'user' }, /no result is the user's/],
    [{ arguments: { 'a[[': 'target' } }, /is not a JSONPath/],
  ])('refuses a description that cannot work: %j', (declared, message) => {
    expect(() => toolOf(declared)).toThrow(ToolDescriptionError);
    expect(() => toolOf(declared)).toThrow(message);
  });

  it('knows before the result which labels it can add', () => {
    expect(toolOf({}).addedLabels).toEqual(['confidential', 'external']);
    expect(toolOf({ result: 'internal' }).addedLabels).toEqual([]);
    expect(toolOf({ result: { $: 'internal', '$.x': { labels: ['pii'], when: 'true' } } }).addedLabels).toEqual([
      'pii',
    ]);
    expect(toolOf({ result: { '$.x': ['internal', 'pii'] } }).addedLabels).toEqual(['confidential', 'external', 'pii']);
  });
});

describe('withDetections', () => {
  const detect = { email: 'pii', phone: 'pii', iban: 'financial', card: 'financial', secret: 'secret' };
  const found = async (text: string): Promise<string[]> => {
    const leaves = await withDetections(
      answered(toolOf({ result: ['system', 'public'] }), {}, ['nothing', text, 'nor here']),
      detect,
    );
    expect([leaves[0], leaves[2]].map((leaf) => leaf && labelNames(leaf.labels))).toEqual([[], []]);
    return leaves[1] === undefined ? [] : labelNames(leaves[1].labels);
  };

  it.each([
    ['an e-mail address', 'write to ana.b@shop.example', ['pii']],
    ['a telephone number', 'call +49 30 901820 today', ['pii']],
    ['a telephone number over the end of a piece', `${'x '.repeat(2_040)}call +49 30 901820 today`, ['pii']],
    ['an account number', 'to DE89 3704 0044 0532 0130 00', ['financial']],
    ['a card number', 'card 4111 1111 1111 1111', ['financial']],
    ['a token', `ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`, ['secret']],
    [
      'a token in a text that wants not to be looked through',
      `secretlint-disable\nghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`,
      ['secret'],
    ],
    ['an account number with a wrong check digit', 'to DE88 3704 0044 0532 0130 00', []],
    ['a number that is no card', '4111 1111 1111 1112', []],
    ['nothing', 'The weather is fine.', []],
  ])('finds %s', async (_what, text, labels) => {
    expect(await found(text)).toEqual(labels);
  });

  it('counts more than it looks through as everything', async () => {
    const leaves = await withDetections(answered(toolOf({ result: 'internal' }), {}, 'x '.repeat(200_000)), detect);
    expect(leaves.flatMap(({ labels }) => labels.names)).toEqual(['financial', 'pii', 'secret']);
  });
});
