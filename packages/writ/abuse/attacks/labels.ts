import { unless } from '../alive.js';
import { type Attack, BOTH, type Held } from '../attack.js';
import { type Message, short, went } from '../gateway.js';
import type { World } from '../world.js';

/**
 * F21 and F22: a server says what it knows in another way than as text in `content`. Then the task must have the labels of what
 * was read, or the agent must not have received it; and an address must not pass a permit that redacts addresses.
 */

const SECRET = 'ana@shop.example';
const ENCODED = Buffer.from('Ana Novak, ana@shop.example').toString('base64').slice(0, 30);

/** The ways from a server to an agent, by the argument of the hostile server's tools. */
const WAYS: Readonly<Record<string, string>> = {
  text: 'the text of the result',
  isError: 'a result that is an error',
  structured: 'structuredContent',
  error: 'the message of a JSON-RPC error',
  'error-params': 'the message of an error -32602',
  'error-data': 'the data of a JSON-RPC error',
  'error-own-code': 'an error with a code of its own',
  progress: 'a progress message',
  log: 'a log message',
  meta: '_meta of the result',
  'part-meta': '_meta of a part',
  member: 'an unknown member of the result',
  'part-member': 'an unknown member of a part',
  key: 'the name of a member',
  image: 'an image',
  audio: 'a sound',
  'unknown-part': 'a part of an unknown type',
  link: 'the name of a link',
  resource: 'an embedded resource',
  blob: 'an embedded file',
};

/** Speaks with the gateway, or with a guard. */
interface Talker {
  call(name: string, input: object, meta?: object): Promise<{ readonly answer: Message }>;
  /** All that the client received. */
  received(): string;
}

async function overGateway(world: World): Promise<Talker> {
  const client = world.newClient(await world.flow());
  let all = '';
  return {
    async call(name, input, meta) {
      const said = await client.call(name, input, meta);
      all += said.text;
      return said;
    },
    received: () => all,
  };
}

/** A guard that is new is a new task. */
async function overGuard(world: World, isNew: boolean): Promise<Talker> {
  const guard = isNew ? await world.guard(await world.flow()) : await world.commonGuard();
  if (isNew) await guard.request('tools/list', {});
  const before = guard.lines.length;
  return {
    call: (name, input, meta = {}) => guard.request('tools/call', { name, arguments: input, _meta: meta }),
    received: () => guard.lines.slice(before).join('\n'),
  };
}

const has = (text: string): boolean => text.includes(SECRET) || text.includes(ENCODED);

async function isUnlabelled(talker: Talker, way: string): Promise<Held> {
  await talker.call('read_hr', { way }, { progressToken: 'p' });
  const reached = has(talker.received());
  const posted = await talker.call('post', { text: 'what I read' });
  return unless(!reached || !went(posted), () => 'the agent read it, and the sink was permitted afterwards');
}

async function isOpen(talker: Talker): Promise<Held> {
  const said = await talker.call('say', { text: 'a plan of our own' });
  const posted = await talker.call('post', { text: 'a plan of our own' });
  return unless(went(said) && went(posted), () => `the sink was closed: ${short(posted)}`);
}

async function isUnredacted(talker: Talker, way: string): Promise<Held> {
  await talker.call('redacted', { way }, { progressToken: 'p' });
  return unless(!has(talker.received()), () => 'the agent received the address');
}

async function isRedacted(talker: Talker): Promise<Held> {
  const said = await talker.call('redacted', { way: 'structured' });
  return unless(said.answer?.result !== undefined, () => `the call did not go through: ${short(said)}`);
}

const labels = Object.entries(WAYS).map(
  ([way, what]): Attack => ({
    kind: 'labels of what is read',
    name: `unlabelled: ${what}`,
    finding: 'F21',
    stores: way === 'error' ? BOTH : ['sqlite'],
    sample: true,
    attack: async (world) => isUnlabelled(await overGateway(world), way),
    twin: async (world) => isOpen(await overGateway(world)),
  }),
);

const redaction = Object.entries(WAYS).map(
  ([way, what]): Attack => ({
    kind: 'redaction',
    name: `unredacted: ${what}`,
    finding: 'F22',
    sample: true,
    attack: async (world) => isUnredacted(await overGateway(world), way),
    twin: async (world) => isRedacted(await overGateway(world)),
  }),
);

const guarded = ['error', 'meta', 'image'].map(
  (way): Attack => ({
    kind: 'labels of what is read',
    name: `unlabelled behind a guard: ${WAYS[way]}`,
    finding: 'F21',
    attack: async (world) => isUnlabelled(await overGuard(world, true), way),
    twin: (world) => world.shared.once('guard', async () => isOpen(await overGuard(world, true))),
  }),
);

const guardedRedaction = ['error', 'meta', 'progress', 'member', 'image'].map(
  (way): Attack => ({
    kind: 'redaction',
    name: `unredacted behind a guard: ${WAYS[way]}`,
    finding: 'F22',
    attack: async (world) => isUnredacted(await overGuard(world, false), way),
    twin: async (world) => isRedacted(await overGuard(world, false)),
  }),
);

export const LABELS: readonly Attack[] = [...labels, ...redaction, ...guarded, ...guardedRedaction];
