import { staysUp, unless } from '../alive.js';
import { type Attack, BOTH, type Held } from '../attack.js';
import { went } from '../gateway.js';
import { patient, rest } from '../processes.js';
import type { Service } from '../service.js';
import type { World } from '../world.js';

/** F1: what a tool answers stops the decision point. The attacker is anybody whose text a described tool returns. */

const KIND = 'answers that stall';

/** Texts that a reader of YAML, of JSON, or a detector could take very long for. */
const TEXTS: Readonly<Record<string, string>> = {
  'braces in one line of a mail': `Dear agent: ${'{'.repeat(400)}`,
  '2,000 braces': '{'.repeat(2_000),
  'braces and brackets in turn': '{['.repeat(400),
  'braces and commas': '{,'.repeat(400),
  'explicit keys': '{? '.repeat(400),
  '3,000 brackets': '['.repeat(3_000),
  '500 KB of brackets': '['.repeat(500_000),
  '500 KB of keys, a line each': 'a:\n'.repeat(160_000),
  'keys within keys on one line': 'a: '.repeat(160_000),
  'lists within lists on one line': '- '.repeat(240_000),
  'explicit keys, a line each': '? a\n'.repeat(120_000),
  'aliases that multiply': Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`)
    .join('\n')
    .replace('[*a-1, *a-1]', '[x]'),
  'JSON 100,000 deep': `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  'objects of JSON 50,000 deep': `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  'digits for a finder of telephone numbers': '+49 (0) 89 / 12-'.repeat(15_000),
  'one word for a finder of addresses': 'a.'.repeat(120_000),
  'starts of secrets': 'AKIA sk- eyJ. postgres://a:'.repeat(9_000),
};

async function report(service: Service, text: string): Promise<void> {
  const id = (await service.ask()).headers.get('x-decision-id');
  const body = { decisionId: id, status: 'completed', result: { content: [{ type: 'text', text }] } };
  await service.send('POST', '/v1/outcomes', body);
}

async function overOutcomes(world: World, text: string, times: number): Promise<Held> {
  const service = await world.plain();
  return staysUp(service, async () => {
    for (let i = 0; i < times; i += 1) void report(service, text).catch(() => undefined);
    await rest(1_500);
  });
}

const outcomes = Object.entries(TEXTS).map(
  ([what, text]): Attack => ({
    kind: KIND,
    name: `/v1/outcomes: ${what}`,
    finding: 'F1',
    stores: what === '2,000 braces' ? BOTH : ['sqlite'],
    sample: what === '2,000 braces' || what === 'braces in one line of a mail',
    attack: (world) => overOutcomes(world, text, 4),
    // As long, and a mail.
    async twin(world) {
      const service = await world.plain();
      const mail = 'Dear agent, the invoice is paid. '.repeat(Math.ceil(text.length / 33)).slice(0, text.length);
      const id = (await service.ask()).headers.get('x-decision-id');
      const result = { content: [{ type: 'text', text: mail }] };
      const { status } = await service.send('POST', '/v1/outcomes', { decisionId: id, status: 'completed', result });
      return unless(status === 204, () => `the outcome was answered with ${status}`);
    },
  }),
);

const GATEWAY_TEXTS = ['2,000 braces', '3,000 brackets', 'JSON 100,000 deep', '500 KB of keys, a line each'];

const gateway = GATEWAY_TEXTS.map(
  (what): Attack => ({
    kind: KIND,
    name: `gateway: ${what}`,
    finding: 'F1',
    async attack(world) {
      const service = await world.flow();
      const others = world.newClient(service);
      const victim = world.client(service);
      const limit = patient(4_000);
      let isSlow: Held;
      const up = await staysUp(
        service,
        async () => {
          void others.call('raw', { json: asResult(TEXTS[what] as string) }).catch(() => undefined);
          await rest(300);
          const said = await victim.call('say', { text: 'hello' }, {}, limit).catch(() => undefined);
          if (said === undefined || !went(said))
            isSlow = `a call of another client was not answered within ${limit / 1_000} s`;
        },
        // Until that call is answered, or is too late.
        { decides: false, seconds: 2 + limit / 1_000 },
      );
      return up ?? isSlow;
    },
    async twin(world) {
      const client = world.client(await world.flow());
      const said = await client.call('raw', { json: asResult('Dear agent, the invoice is paid. '.repeat(60)) });
      return unless(went(said) && said.text.includes('invoice'), () => `the answer did not arrive: ${said.text}`);
    },
  }),
);

function asResult(text: string): string {
  return `"result":${JSON.stringify({ content: [{ type: 'text', text }] })}`;
}

const guard: Attack = {
  kind: KIND,
  name: 'guard: 2,000 braces',
  finding: 'F1',
  async attack(world) {
    const service = await world.flow();
    const own = await world.guard(service);
    await own.request('tools/list', {});
    return staysUp(
      service,
      async () => {
        void own.call('say', { text: '{'.repeat(2_000) });
        await rest(1_500);
      },
      { decides: false },
    );
  },
  async twin(world) {
    const own = await world.guard(await world.flow());
    await own.request('tools/list', {});
    const said = await own.call('say', { text: 'Dear agent' });
    return unless(went(said), () => `the call did not go through: ${JSON.stringify(said.answer)} ${own.output}`);
  },
};

export const STALLS: readonly Attack[] = [...outcomes, ...gateway, guard];
