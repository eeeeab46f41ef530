/** Answers of tools that are made to stop or end the program that reads them, and the bundle of their tools. */

/** A hostile answer. */
export interface HostileAnswer {
  readonly name: string;
  /** The tool that answers. */
  readonly tool: string;
  readonly result: unknown;
  /** Whether reading takes longer than the limits allow: it then counts as unread. */
  readonly isUnread?: true;
}

const DETECT = ['email', 'phone', 'iban', 'card', 'secret', 'instructions', 'hidden-text'];
/** The labels of an answer that nobody read. */
export const ALL_LABELS = ['external', ...DETECT.map((one) => `has-${one}`)];

/** A bundle with a tool for each kind of reading. */
export const HOSTILE_TOOLS: Readonly<Record<string, string>> = {
  'writ.yaml': 'name: hostile\ncallers: { default: {} }\n',
  'schema.cedarschema': `
entity User, Tool;
action read_prose, read_yaml, read_paths, read_conditions, read_charged, look, pay appliesTo {
  principal: [User], resource: [Tool],
  context: { input?: { amount?: Long }, ledger: { seen: Set<String>, charged: Long } }
};`,
  'tools.yaml': `
tools:
  read_prose: { effects: [read], result: external }
  read_yaml: { effects: [read], result: external, format: yaml }
  read_paths: { effects: [read], result: { $: external, '$..*..*..*..*': internal, '$..[?count($..*) > 9]': internal } }
  read_conditions: { effects: [read], result: { $: external, '$[*]': { integrity: internal, when: 'result.exists(a, result.exists(b, a > b && b > 9))' } } }
  read_charged: { effects: [read], result: external }
  look: { effects: [read], result: internal }
  pay: { effects: [money], result: internal }
detect: { ${DETECT.map((one) => `${one}: has-${one}`).join(', ')} }
`,
  'ledger.yaml': `
accumulators:
  seen: { key: task, set: labels }
  charged: { key: task, sum: input.amount, actual: 'size(result.filter(a, result.exists(b, b > a)))', on: action == "read_charged" }
`,
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};

const times = (text: string, count: number): string => text.repeat(count);
const wide = (count: number): unknown[] => Array.from({ length: count }, (_, i) => ({ a: i, b: { c: i } }));
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
function deep(levels: number): unknown {
  let value: unknown = 'bottom';
  for (let i = 0; i < levels; i += 1) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

const YAML: readonly (readonly [string, string])[] = [
  ['braces', times('{', 2_000)],
  ['braces in a mail', `Dear agent: ${times('{', 400)}`],
  ['brackets', times('[', 3_000)],
  ['braces and brackets', times('{[', 1_000)],
  ['braces and commas', times('{,', 1_000)],
  ['explicit keys', times('{? ', 1_000)],
  ['half a megabyte of keys', times('a:\n', 160_000)],
  ['half a megabyte of keys in a line', times('a: ', 160_000)],
  ['half a megabyte of brackets', times('[', 500_000)],
];
const TEXTS: readonly (readonly [string, string])[] = [
  ['telephone numbers', times('+1 212 555 ', 23_000)],
  ['parts of telephone numbers', times('(+1)(', 50_000)],
  ['digits', times('9', 250_000)],
  ['a long address', `${times('a', 120_000)}@${times('b.', 60_000)}`],
  ['signs of addresses', times('a@', 125_000)],
  ['beginnings of keys', times('-----BEGIN RSA PRIVATE KEY-----\n', 8_000)],
  ['beginnings of tokens', times('xoxb-1234567890-', 15_000)],
  ['beginnings of instructions', times('ignore all ', 22_000)],
  ['hidden characters', times('\u200b', 250_000)],
  ['characters that grow', times('\ufdfa', 80_000)],
  ['one long line', times('x', 250_000)],
  [
    'words that are all different',
    numbers(45_000)
      .map((i) => i.toString(36))
      .join(' '),
  ],
  ['JSON that nests', `${times('[', 200_000)}${times(']', 200_000)}`],
  ['JSON with many members', JSON.stringify(Object.fromEntries(numbers(40_000).map((i) => [`k${i}`, i])))],
];

/** The hostile answers, each with its name. */
export const HOSTILE_ANSWERS: readonly HostileAnswer[] = [
  ...[...YAML, ...TEXTS].map(([name, result]) => ({ name, tool: 'read_prose', result })),
  ...YAML.map(([name, result]) => ({ name: `${name}, as YAML`, tool: 'read_yaml', result })),
  { name: 'a wide answer for paths that search', tool: 'read_paths', result: wide(20_000), isUnread: true },
  { name: 'a deep answer for paths that search', tool: 'read_paths', result: deep(60) },
  { name: 'a wide answer for a condition over all', tool: 'read_conditions', result: numbers(20_000), isUnread: true },
  {
    name: 'a wide answer for an amount over all',
    tool: 'read_charged',
    result: numbers(20_000),
    isUnread: true,
  },
  { name: 'values that are all different', tool: 'read_prose', result: numbers(60_000).map((i) => `v${i}`) },
];
