import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commandHere as command } from './printed.js';
import { bundleOf, EXAMPLES } from './running.js';

/** `writ bundle label`: recorded answers with the labels of each value, and what gave them. */

const home = mkdtempSync(join(tmpdir(), 'writ-label-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
let files = 0;
function written(content: unknown): string {
  files += 1;
  const file = join(home, `${files}.json`);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const TOOLS = `tools:
  look:
    effects: [read]
    reads: note
    arguments: { id: target }
    result:
      $: internal
      $..body: external
      $[*].owner:
        - { integrity: attested, when: value != input.me }
        - { labels: [pii], kind: email }
      $[*].odd: { integrity: system, when: record.none.of == 1 }
  keep: { effects: [write], writes: note, arguments: { id: target, text: content }, result: internal }
  fetch: { effects: [read], result: external }
detect: { email: pii, card: card }
`;
const BUNDLE = bundleOf({
  'writ.yaml': 'name: labels\n',
  'schema.cedarschema': `
entity User;
entity Tool;
action look, keep, fetch, other appliesTo { principal: [User], resource: [Tool], context: { input: { id?: String, me?: String, text?: String } } };
`,
  'tools.yaml': TOOLS,
  'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("no-notes") forbid (principal, action == Action::"keep", resource) when { context.input has id && context.input.id == "n2" };
`,
});

interface Leaf {
  readonly at: string;
  readonly value: unknown;
  readonly labels: { integrity: string; confidentiality: string; names: string[] };
  readonly kind?: string;
  readonly by: readonly Record<string, unknown>[];
}
type Answers = {
  tool: string;
  task?: string;
  adds: string[];
  isDescribed: boolean;
  isOpaque: boolean;
  leaves: Leaf[];
}[];

async function labelled(...args: string[]): Promise<Answers> {
  const { code, out } = await command('bundle', 'label', '--bundle', BUNDLE, ...args, '--json');
  expect([code, out.slice(0, 100)]).toEqual([0, expect.stringMatching(/^\{/)]);
  return (JSON.parse(out) as { answers: Answers }).answers;
}

const one = async (tool: string, result: unknown, args?: object): Promise<Answers[number]> => {
  const more = args === undefined ? [] : ['--args', written(args)];
  const [answer] = await labelled('--tool', tool, '--result', written(result), ...more);
  return answer as Answers[number];
};

/** `integrity confidentiality names`, and the causes. */
function leafAt({ leaves }: Answers[number], at: string): string[] {
  const found = leaves.filter((leaf) => leaf.at === at).at(-1) as Leaf;
  const { integrity, confidentiality, names } = found.labels;
  const causes = found.by.map(({ rule, line, gives, failed, detector, store, argument }) =>
    rule !== undefined
      ? `${rule}:${line} ${[...(gives as string[]), ...(failed ? ['failed'] : [])].join(' ')}`
      : String(detector ?? store ?? `echo of ${argument}`),
  );
  return [[integrity, confidentiality, ...names].join(' '), ...causes];
}

describe('an answer that stands alone', () => {
  it('has for each value the labels, and the rules that gave them with their lines', async () => {
    const answer = await one('look', [{ id: 1, owner: 'ana@shop.example', body: 'x' }], { me: 'ben@shop.example' });
    expect(leafAt(answer, '$[0].id')).toEqual(['internal internal', '$:7 integrity confidentiality']);
    expect(leafAt(answer, '$[0].body')).toEqual(['external internal', '$:7 confidentiality', '$..body:8 integrity']);
    expect(leafAt(answer, '$[0].owner')).toEqual([
      'attested internal pii',
      '$:7 confidentiality',
      '$[*].owner:10 integrity',
      '$[*].owner:11 names kind',
      'email',
    ]);
    expect(answer.adds).toEqual(['attested', 'external', 'pii']);
  });

  it('is labelled by the arguments of its call, and says where a condition cannot be worked out', async () => {
    const mine = await one('look', [{ owner: 'ana@shop.example', odd: 1 }], { me: 'ana@shop.example' });
    expect(leafAt(mine, '$[0].owner').join()).not.toContain('$[*].owner:10');
    expect(leafAt(mine, '$[0].odd')).toEqual(['external confidential', '$:7 ', '$[*].odd:12 failed']);
    const { out } = await command(
      'bundle',
      'label',
      '--bundle',
      BUNDLE,
      '--tool',
      'look',
      '--result',
      written([{ odd: 1 }]),
    );
    expect(out).toContain('$[*].odd (tools.yaml:12): its condition could not be worked out');
  });

  it('may be text, an MCP result, or of a tool that nothing describes', async () => {
    expect(leafAt(await one('fetch', 'Sun on all days.'), '$')).toEqual(['external confidential', '$:14 integrity']);
    const mcp = await one('look', { content: [{ type: 'text', text: '[{"id":"7"}]' }] });
    expect(leafAt(mcp, '$[0].id')).toEqual(['internal internal', '$:7 integrity confidentiality']);
    const other = await one('other', { a: 'x' });
    expect([leafAt(other, '$.a'), other.isDescribed]).toEqual([['external confidential'], false]);
    const image = await one('look', { content: [{ type: 'image', data: 'AAAA', mimeType: 'image/png' }] });
    expect([image.isOpaque, image.adds]).toEqual([true, ['attested', 'card', 'external', 'pii']]);
  });

  it('is grouped by lists, with the values that differ apart', async () => {
    const list = Array.from({ length: 30 }, (_, id) => ({ id, body: id === 7 ? 'ana@shop.example' : `text ${id}` }));
    const { out } = await command('bundle', 'label', '--bundle', BUNDLE, '--tool', 'look', '--result', written(list));
    const lines = out.split('\n').map((line) => line.replace(/ {2,}/g, '  '));
    expect(lines).toEqual([
      'look',
      ' names in $[*] (60)  "id", "body"  internal internal  $ (tools.yaml:7)',
      ' $[*].id (30)  0, 1, 2, 3, 4, 5, 6, 7  internal internal  $ (tools.yaml:7)',
      ' $[*].body (29 of 30)  "text 0", "text 1", "text 2", "text …  external internal  $ (tools.yaml:7); $..body (tools.yaml:8)',
      ' $[7].body  "ana@shop.example"  external internal pii  $ (tools.yaml:7); $..body (tools.yaml:8); detector email',
      '  120 values; the task gets external, pii',
      '',
    ]);
    const each = await command(
      'bundle',
      'label',
      '--bundle',
      BUNDLE,
      '--tool',
      'look',
      '--result',
      written(list),
      '--each',
    );
    expect(each.out.split('\n')).toHaveLength(120 + 3);
  });

  it('has the readers of each record by their number', async () => {
    const mail = (sender: string, recipients: string[]) => ({ id: 'm1', sender, recipients, body: 'hello' });
    const result = written([mail('ana@x.example', ['me@x.example', 'ben@x.example']), mail('eve@x.example', [])]);
    const bundle = join(EXAMPLES, 'packs/guarded-agent');
    const { code, out } = await command(
      'label',
      '--bundle',
      bundle,
      '--tool',
      'search_emails',
      '--result',
      result,
      '--each',
    );
    expect(code).toBe(0);
    expect(out).toMatch(/\$\[0\]\.body .*external confidential for 3 readers .*@\.sender && @\.recipients/);
    expect(out).toMatch(/\$\[1\]\.body .*external confidential for one reader /);
    expect(out).toContain('the task gets attested, confidential for 3 readers, confidential for one reader, external');
    expect(out).not.toMatch(/for [\w-]{16}/);
  });

  it('is cut after 200 lines, and says so', async () => {
    const record = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, i]));
    const args = ['bundle', 'label', '--bundle', BUNDLE, '--tool', 'look', '--result', written(record)];
    const { out } = await command(...args);
    expect(out.split('\n').slice(-4)).toEqual([
      expect.stringMatching(/^ \$\.k198 /),
      ' and 101 more lines, with --each or --json',
      '  600 values; the task gets no labels',
      '',
    ]);
    expect((await command(...args, '--each')).out.split('\n')).toHaveLength(603);
  });

  it('cannot move the cursor of a terminal', async () => {
    const hostile = [{ body: '\u001b[2J\u202eabc\u009b1m', '\u001b]0;x\u0007\u2066': 'y' }];
    const { out } = await command(
      'bundle',
      'label',
      '--bundle',
      BUNDLE,
      '--tool',
      'look',
      '--result',
      written(hostile),
      '--each',
    );
    expect(['\u001b', '\u009b', '\u202e', '\u2066', '\u0007'].filter((character) => out.includes(character))).toEqual(
      [],
    );
    expect(out).toContain('<U+202E>abc');
  });

  it('without a tool, with two sources, or of a misspelt tool is refused', async () => {
    const result = written({});
    const wrong = async (...args: string[]): Promise<[number, string]> => {
      const { code, out } = await command('bundle', 'label', '--bundle', BUNDLE, ...args);
      return [code, out];
    };
    const which = [2, expect.stringContaining('say which answers')];
    expect(await wrong('--result', result)).toEqual(which);
    expect(await wrong('--trace', result, '--tool', 'look')).toEqual(which);
    expect(await wrong()).toEqual(which);
    expect(await wrong('--tool', 'lok', '--result', result)).toEqual([
      2,
      expect.stringContaining('did you mean look?'),
    ]);
    expect(await wrong('--tool', 'look', '--result', result, '--args', written([]))).toEqual([
      2,
      expect.stringContaining('a JSON object'),
    ]);
    const bare = bundleOf({
      'writ.yaml': 'name: x\n',
      'schema.cedarschema': 'entity U; action a appliesTo { principal: U, resource: U };',
      'policies/a.cedar': '@id("a") permit (principal, action, resource);',
    });
    const { out } = await command('bundle', 'label', '--bundle', bare, '--tool', 'a', '--result', result);
    expect(out).toContain('the bundle describes no tool');
  });
});

describe('the answers of a recording', () => {
  const calls = [
    { tool: 'fetch', result: 'Sun on all days.' },
    { tool: 'keep', args: { id: 'n1', text: 'Sun on all days.' }, result: 'ok' },
    { tool: 'look', args: { id: 'n1' }, result: [{ id: 'n1' }] },
    { tool: 'look', args: { id: 'n3' }, result: [{ id: 'n3' }] },
  ];
  const task = {
    task: 't',
    principal: 'User::"ana"',
    prompt: 'Keep the news as note "n1", and look at the notes "n1", "n2" and "n3"',
  };

  it('have the labels of the stores that they were read from then', async () => {
    const answers = await labelled('--trace', written({ ...task, calls }));
    expect(answers.map(({ task, tool }) => `${task} ${tool}`)).toEqual(['t fetch', 't keep', 't look', 't look']);
    expect(leafAt(answers[2] as Answers[number], '$[0].id')).toEqual(['external confidential', '$:7 ', 'note']);
    expect(leafAt(answers[3] as Answers[number], '$[0].id')).toEqual([
      'internal internal',
      '$:7 integrity confidentiality',
    ]);
    const { out } = await command('bundle', 'label', '--bundle', BUNDLE, '--trace', written({ ...task, calls }));
    expect(out).toContain('store note (confidential, external)');
  });

  it('say which argument they repeat', async () => {
    const kept = {
      tool: 'keep',
      args: { id: 'n1', text: 'Sun on all days.' },
      result: { saved: 'Sun on all days.', as: 'n1' },
    };
    const answers = await labelled('--trace', written({ ...task, calls: [calls[0], kept] }));
    expect(leafAt(answers[1] as Answers[number], '$.saved')).toEqual([
      'external confidential',
      '$:13 ',
      'echo of text',
    ]);
    expect(leafAt(answers[1] as Answers[number], '$.as')).toEqual([
      'internal internal',
      '$:13 integrity confidentiality',
    ]);
    const { out } = await command(
      'bundle',
      'label',
      '--bundle',
      BUNDLE,
      '--trace',
      written({ ...task, calls: [calls[0], kept] }),
    );
    expect(out).toContain('external confidential  repeats text');
  });

  it('were read, whatever the policies say now', async () => {
    const denied = calls.map((call) => ({
      ...call,
      args: call.args && { ...call.args, id: call.args.id.replace('n1', 'n2') },
    }));
    const answers = await labelled('--trace', written({ ...task, calls: denied }));
    expect(leafAt(answers[2] as Answers[number], '$[0].id')[0]).toBe('external confidential');
  });

  it('are those of the bundle of the example', async () => {
    const trace = written({
      task: 't',
      principal: 'User::"user"',
      calls: [
        { tool: 'list_invoices', result: [{ id: 'x' }] },
        { tool: 'nothing', result: 'y' },
      ],
    });
    const { code, out } = await command(
      'bundle',
      'label',
      '--bundle',
      join(EXAMPLES, 'packs/guarded-agent'),
      '--trace',
      trace,
    );
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(
        /t {2}list_invoices\n(?:.*\n)*t {2}nothing {2}tools\.yaml does not describe it\n \$ +"y" +external confidential +no rule\n/,
      ),
    ]);
  });
});
