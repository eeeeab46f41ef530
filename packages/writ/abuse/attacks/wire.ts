import { unless } from '../alive.js';
import type { Attack, Held } from '../attack.js';
import { META, type Message, short, went } from '../gateway.js';
import type { World } from '../world.js';

/** The gateway and the guard change what need not change, lose an answer, or let two readings of one message pass. */

const KIND = 'fidelity';

const asLine = (value: object): string => `"result":${JSON.stringify(value)}`;

interface Case {
  readonly name: string;
  readonly finding: string;
  /** The members that the server writes after the id. */
  readonly said: string;
  /** Whether what the client received is right. */
  readonly isRight: (text: string, answer: Message) => boolean;
  /** Whether it is tried behind a guard too. */
  readonly guarded?: boolean;
  readonly sample?: boolean;
}

const CASES: readonly Case[] = [
  {
    name: 'a number past 2^53 is changed',
    finding: 'big-integers-altered',
    said: '"result":{"content":[{"type":"text","text":"n"}],"structuredContent":{"id":12345678901234567890}}',
    isRight: (text) => text.includes('12345678901234567890'),
    guarded: true,
  },
  {
    name: 'a negative number past 2^53 in a list is changed',
    finding: 'big-integers-altered',
    said: '"result":{"content":[{"type":"text","text":"n"}],"structuredContent":{"ids":[[-9223372036854775807]]}}',
    isRight: (text) => text.includes('-9223372036854775807'),
  },
  {
    name: '1.0 becomes 1',
    finding: 'big-integers-altered',
    said: '"result":{"content":[{"type":"text","text":"n"}],"structuredContent":{"price":1.0}}',
    isRight: (text) => text.includes('"price":1.0'),
  },
  {
    name: 'an error that the client must act on loses its code',
    finding: 'error-codes',
    said: '"error":{"code":-32042,"message":"sign in first","data":{"elicitations":[{"mode":"url","elicitationId":"e1","url":"https://sign.example/in","message":"m"}]}}',
    isRight: (text, answer) => answer?.error?.code === -32_042 && text.includes('https://sign.example/in'),
    guarded: true,
    sample: true,
  },
  {
    name: 'an error with a code of the server’s own loses it',
    finding: 'error-codes',
    said: '"error":{"code":4001,"message":"rate limited","data":{"retryAfter":5}}',
    isRight: (_text, answer) => answer?.error?.code === 4_001 && answer.error.data?.retryAfter === 5,
  },
  {
    name: 'an answer with half an emoji is withheld',
    finding: 'withheld-results',
    said: '"result":{"content":[{"type":"text","text":"a mail \\ud83d of the day"}]}',
    isRight: (text) => text.includes('of the day'),
    guarded: true,
    sample: true,
  },
  {
    name: 'an answer with NUL is withheld',
    finding: 'withheld-results',
    said: '"result":{"content":[{"type":"text","text":"a mail \\u0000 of the day"}]}',
    isRight: (text) => text.includes('of the day'),
  },
  {
    name: 'an answer with one member twice is withheld or ambiguous',
    finding: 'withheld-results',
    said: '"result":{"content":[{"type":"text","text":"of the day","note":"a","note":"b"}]}',
    isRight: (text) => text.includes('of the day') && !(text.includes('"a"') && text.includes('"b"')),
  },
  {
    name: 'an unknown part is lost',
    finding: 'withheld-results',
    said: asLine({ content: [{ type: 'video', uri: 'https://v.example/1', mimeType: 'video/mp4' }] }),
    isRight: (text) => text.includes('https://v.example/1'),
  },
  {
    name: 'an unknown member of the result is lost',
    finding: 'withheld-results',
    said: asLine({ content: [{ type: 'text', text: 'x', extra: { b: 1 } }], custom: { keep: true } }),
    isRight: (text) => text.includes('"keep":true') && text.includes('"extra":{"b":1}'),
  },
  {
    name: '_meta of the server is lost',
    finding: 'withheld-results',
    said: asLine({ content: [{ type: 'text', text: 'x' }], _meta: { 'com.example/more': 'kept' } }),
    isRight: (text) => text.includes('"com.example/more":"kept"'),
  },
];

async function overGateway(world: World, said: string): Promise<{ text: string; answer: Message }> {
  return world.client(await world.flow()).call('raw', { json: said });
}

async function overGuard(world: World, said: string): Promise<{ text: string; answer: Message }> {
  const guard = await world.commonGuard();
  const { answer } = await guard.call('raw', { json: said });
  return { text: guard.lines.at(-1) ?? '', answer };
}

const HONEST = asLine({ content: [{ type: 'text', text: 'of the day' }] });

const fidelity = CASES.flatMap(({ name, finding, said, isRight, guarded = false, sample = false }) =>
  (
    [
      ['gateway', overGateway],
      ['guard', overGuard],
    ] as const
  ).flatMap(([where, make]): Attack[] =>
    where === 'guard' && !guarded
      ? []
      : [
          {
            kind: KIND,
            name: `${where}: ${name}`,
            finding,
            sample: sample && where === 'gateway',
            async attack(world) {
              const { text, answer } = await make(world, said);
              return unless(isRight(text, answer), () => `the client received ${text.slice(0, 250)}`);
            },
            async twin(world) {
              const { text, answer } = await overGateway(world, HONEST);
              return unless(went({ answer }) && text.includes('of the day'), () => `received ${text.slice(0, 200)}`);
            },
          },
        ],
  ),
);

const call = (id: string, args: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"say","arguments":${args},"_meta":${JSON.stringify(META)}}}`;

/** Messages that are refused. Their answers must have their ids, or a client waits for ever. */
const REFUSED: Readonly<Record<string, string>> = {
  'half an emoji': call('7', '{"text":"a \\ud83d b"}'),
  NUL: call('7', '{"text":"a \\u0000 b"}'),
  'one member twice': call('7', '{"text":"a","text":"b"}'),
  'a number past 2^53': call('7', '{"n":12345678901234567890}'),
  'more than 1 MiB': call('7', `{"text":"${'x'.repeat(1_200_000)}"}`),
  'more than 64 levels': call('7', `{"text":${'['.repeat(70)}${']'.repeat(70)}}`),
};

const nullIds = Object.entries(REFUSED).flatMap(([what, message]): Attack[] => [
  {
    kind: KIND,
    name: `gateway: a refused message with ${what} is answered with no id`,
    finding: 'stdio-null-id',
    async attack(world) {
      const said = await world.client(await world.flow()).post(message, 'tools/call', 'say');
      return unless(
        said.answer?.error !== undefined && said.answer.id === 7,
        () => `answered with ${said.status} ${short(said)}`,
      );
    },
    twin: answered,
  },
  {
    kind: KIND,
    name: `guard: a refused message with ${what} is answered with no id`,
    finding: 'stdio-null-id',
    async attack(world) {
      const guard = await world.commonGuard();
      const id = `g${world.shared.next()}`;
      guard.write(message.replace('"id":7', `"id":"${id}"`));
      const answer = await guard.answerTo(id, 10_000);
      return unless(answer?.error !== undefined, () => `answered with ${guard.lines.at(-1)?.slice(0, 200)}`);
    },
    twin: answered,
  },
]);

async function answered(world: World): Promise<Held> {
  const said = await world
    .client(await world.flow())
    .post(call('7', '{"text":"a \\ud83d\\ude00 b"}'), 'tools/call', 'say');
  return unless(said.answer?.id === 7 && went(said), () => `a whole emoji was answered with ${short(said)}`);
}

/** Two spellings of one path, of which the rule knows one. */
const PATHS: Readonly<Record<string, string>> = {
  'decomposed (NFD)': 'lo\u0308hne/juni.csv',
  'with a dot': './löhne/juni.csv',
  'with a way up': 'x/../löhne/juni.csv',
  'with a slash twice': '/löhne//juni.csv',
  'with a backslash': 'x\\..\\löhne\\juni.csv',
  'as a URI': 'file:///löhne/juni.csv',
};

const paths = Object.entries(PATHS).map(
  ([what, path]): Attack => ({
    kind: 'two spellings',
    name: `a path ${what}`,
    finding: 'nfd-path',
    sample: what === 'decomposed (NFD)',
    async attack(world) {
      const said = await open(world, path);
      return unless(!went(said), () => 'the file that a rule forbids was opened');
    },
    async twin(world) {
      const [plan, wages] = [await open(world, 'plan.txt'), await open(world, 'löhne/juni.csv')];
      if (went(wages)) return 'the rule does not stop the usual spelling';
      return unless(went(plan), () => `an honest file was not opened: ${short(plan)}`);
    },
  }),
);

async function open(world: World, path: string): Promise<{ answer: Message }> {
  const service = await world.flow();
  return world.client(service).call('open', { path: path.startsWith('file:') ? path : `/srv/files/${path}` });
}

const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'].map(
  (name): Attack => ({
    kind: 'names that every object has',
    name: `the name ${name}: of a tool, a task, a user and an argument`,
    finding: 'proto-names',
    sample: name === 'constructor',
    async attack(world) {
      const service = await world.flow();
      const client = world.client(service);
      if (name === 'constructor')
        for (let i = 0; i < 3; i += 1) {
          const said = await client.call('constructor', { text: `call ${i}` });
          if (!went(said)) return `call ${i + 1} of the tool: ${short(said)}`;
        }
      const plain = await world.plain();
      for (let i = 0; i < 2; i += 1) {
        const asked = await plain.ask({ user: name, id: name, context: { task: name } });
        if (asked.status !== 200 || asked.json?.decision !== true)
          return `decision ${i + 1}: ${asked.status} ${asked.text.slice(0, 200)}`;
      }
      const unknown = await plain.ask({ action: name });
      return unless(
        unknown.status === 200 && unknown.json?.decision === false,
        () => `an action of this name: ${unknown.status} ${unknown.text}`,
      );
    },
    async twin(world) {
      const client = world.client(await world.flow());
      const said = [await client.call('say', { text: 'a' }), await client.call('say', { text: 'b' })];
      return unless(said.every(went), () => 'a tool of another name cannot be called twice');
    },
  }),
);

export const WIRE: readonly Attack[] = [...fidelity, ...nullIds, ...paths, ...names];
