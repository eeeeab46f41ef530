import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../alive.js';
import { type Attack, BOTH, type Held } from '../attack.js';
import { flowFiles, PLAIN } from '../bundles.js';
import { short, went } from '../gateway.js';
import { Guard } from '../guard.js';
import { ran, rest } from '../processes.js';
import type { Service } from '../service.js';
import { HOSTILE, type World } from '../world.js';

/** Section E of the attacks: what they had not tried. Those on databases are in database.ts. */

const pay = (amount: number): object => ({ action: 'pay', context: { input: { amount } } });

const ASYNC = { ...PLAIN, 'writ.yaml': `${String(PLAIN['writ.yaml'])}record: { durability: async }\n` };

/** Kills it while it pays; starts it again; returns what was permitted in all. */
async function paidOverKills(world: World, rounds: number): Promise<number> {
  let service = await world.fresh(ASYNC);
  let permitted = 0;
  for (let round = 0; round < rounds; round += 1) {
    const payments = Array.from({ length: 6 }, async () => {
      if (await service.permits(pay(10), { timeoutMs: 4_000 })) permitted += 1;
      await service.permits({}, { timeoutMs: 4_000 });
    });
    await rest(15 + 25 * round);
    await service.kill();
    await Promise.all(payments);
    service = await world.again(service);
  }
  for (let i = 0; i < 12; i += 1) if (await service.permits(pay(10))) permitted += 1;
  return permitted * 10;
}

const asynchronous: Attack = {
  kind: 'killed',
  name: 'durability: async, killed three times while it pays',
  finding: 'E',
  stores: BOTH,
  seconds: 180,
  async attack(world) {
    const paid = await paidOverKills(world, 3);
    return unless(paid <= 100, () => `${paid} of a budget of 100 were permitted and acknowledged`);
  },
  async twin(world) {
    const service = await world.fresh(ASYNC);
    const yes = await Promise.all(Array.from({ length: 10 }, () => service.permits(pay(10))));
    return unless(
      yes.every(Boolean),
      () => `${yes.filter(Boolean).length} of 10 payments within the budget were permitted`,
    );
  },
};

const stopped: Attack = {
  kind: 'killed',
  name: 'SIGSTOP of the service for 3 s, with requests that wait',
  finding: 'E',
  stores: BOTH,
  seconds: 120,
  async attack(world) {
    const service = await world.fresh();
    service.child.kill('SIGSTOP');
    const waiting = Array.from({ length: 20 }, () => service.permits(pay(10), { timeoutMs: 15_000 }));
    await rest(3_000);
    service.child.kill('SIGCONT');
    const permitted = (await Promise.all(waiting)).filter(Boolean).length;
    if (permitted > 10) return `${permitted} of 10 were permitted`;
    return unless(await service.becomes(200, 5_000), () => 'it is not ready afterwards');
  },
  async twin(world) {
    const service = await world.plain();
    return unless(await service.permits(), () => 'it does not decide without a stop');
  },
};

/** A guard, and the journal of its server, which notes each call. */
async function journaled(
  world: World,
  service: Service,
): Promise<{ guard: Guard; journal: () => string; file: string }> {
  const file = join(world.folder('journal'), 'journal.txt');
  const guard = await Guard.start(service, [process.execPath, HOSTILE, file]);
  world.onEnd(() => guard.stop());
  await guard.request('tools/list', {});
  return { guard, file, journal: () => (existsSync(file) ? readFileSync(file, 'utf8') : '') };
}

async function guarded(world: World): Promise<Held> {
  const { guard, journal } = await journaled(world, await world.flow());
  const said = await guard.call('say', { text: 'honest' });
  return unless(
    went(said) && journal().includes('honest'),
    () => `an honest call did not reach the server: ${short(said)}`,
  );
}

/** Lines that are no message, or more than one, or not one of a client. */
const GARBAGE: readonly string[] = [
  '\u0000\u0001\u0002\ufffd',
  '{',
  'null',
  '[]',
  '42',
  '"text"',
  '{"jsonrpc":"1.0","id":1,"method":"tools/call"}',
  '{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{"name":"say","arguments":{"text":"forbidden"}}}',
  '[{"jsonrpc":"2.0","id":91,"method":"tools/call","params":{"name":"read_hr","arguments":{"way":"forbidden"}}}]',
  '{"jsonrpc":"2.0","id":92,"result":{"content":[]}}',
  '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"say","arguments":{"text":"forbidden"}}}',
  '{"jsonrpc":"2.0","id":93,"method":"tools/call","method":"ping","params":{"name":"say","arguments":{"text":"forbidden"}}}',
  '{"jsonrpc":"2.0","id":94,"method":"tools/call","params":{"name":"nobody","arguments":{"text":"forbidden"}}}',
  `{"jsonrpc":"2.0","id":95,"method":"tools/call","params":{"name":"say","arguments":{"text":${'['.repeat(5_000)}`,
];

const garbage: Attack = {
  kind: 'guard as a process',
  name: 'garbage on its standard input',
  finding: 'E',
  seconds: 90,
  async attack(world) {
    const { guard, journal } = await journaled(world, await world.flow());
    for (const line of GARBAGE) guard.write(line);
    await rest(1_500);
    if (journal().includes('forbidden')) return `something reached the server: ${journal().slice(0, 200)}`;
    if (guard.ended !== undefined) return `the guard ended (${guard.ended}): ${guard.output.slice(-200)}`;
    const said = await guard.call('say', { text: 'still here' });
    return unless(went(said), () => `the next honest call was answered with ${short(said)}`);
  },
  twin: guarded,
};

const hugeLine: Attack = {
  kind: 'guard as a process',
  name: 'a line of 64 MB without an end',
  finding: 'E',
  seconds: 90,
  async attack(world) {
    const { guard } = await journaled(world, await world.flow());
    const chunk = 'x'.repeat(1_048_576);
    for (let i = 0; i < 64 && guard.ended === undefined; i += 1) {
      guard.child.stdin?.write(chunk);
      await rest(10);
    }
    const pages = guard.ended === undefined ? readFileSync(`/proc/${guard.child.pid}/statm`, 'utf8').split(' ')[1] : 0;
    const mebibytes = (Number(pages) * 4_096) / 2 ** 20;
    if (mebibytes > 400) return `the guard has ${mebibytes.toFixed(0)} MiB of memory`;
    if (guard.ended !== undefined) return undefined;
    guard.write('');
    const said = await guard.call('say', { text: 'still here' });
    return unless(went(said), () => `the next honest call was answered with ${short(said)}`);
  },
  twin: guarded,
};

const orphan: Attack = {
  kind: 'guard as a process',
  name: 'the guard is killed: its server goes on without it',
  finding: 'E',
  seconds: 90,
  async attack(world) {
    const { guard, file } = await journaled(world, await world.flow());
    await guard.stop('SIGKILL');
    for (let i = 0; i < 50; i += 1) {
      if ((await ran('pgrep', ['-f', file])).code !== 0) return undefined;
      await rest(100);
    }
    return 'the server still runs 5 s later';
  },
  twin: guarded,
};

const unanswered = (['SIGSTOP', 'SIGKILL'] as const).map(
  (signal): Attack => ({
    kind: 'guard as a process',
    name: `${signal} of the service: a call of the guard reaches the server undecided`,
    finding: 'E',
    seconds: 120,
    async attack(world) {
      const service = await world.fresh(flowFiles(HOSTILE));
      const { guard, journal } = await journaled(world, service);
      service.child.kill(signal);
      const said = await guard.call('say', { text: 'undecided' }, 8_000);
      service.child.kill('SIGCONT');
      if (signal === 'SIGKILL' && said.answer?.error === undefined) return `answered with ${short(said)}`;
      return unless(!journal().includes('undecided') || went(said), () => 'the server received it');
    },
    twin: guarded,
  }),
);

const SAMPLES = 300;

const timing: Attack = {
  kind: 'API keys',
  name: 'the time of a refusal says how much of a key is right',
  finding: 'E',
  seconds: 90,
  async attack(world) {
    const service = await world.plain();
    const key = service.key();
    // The right one but for its last character, and one of which nothing is right.
    const near = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A');
    const far = `writ_${'A'.repeat(key.length - 5)}`;
    const times: Record<string, number[]> = { near: [], far: [] };
    for (let i = 0; i < SAMPLES; i += 1)
      for (const [name, guess] of i % 2 === 0
        ? [
            ['near', near],
            ['far', far],
          ]
        : [
            ['far', far],
            ['near', near],
          ]) {
        const begin = performance.now();
        const { status } = await service.send('GET', '/v1/policy', undefined, {
          as: null,
          headers: { Authorization: `Bearer ${guess}` },
        });
        if (status !== 401) return `a wrong key was answered with ${status}`;
        times[name as string]?.push(performance.now() - begin);
      }
    const [a, b] = [median(times.near ?? []), median(times.far ?? [])];
    // A machine that is busy makes single answers late; the medians differ by less than a tenth.
    return unless(
      Math.abs(a - b) < Math.max(0.15, Math.min(a, b) * 0.2),
      () => `medians ${a.toFixed(2)} and ${b.toFixed(2)} ms`,
    );
  },
  async twin(world) {
    const { status } = await (await world.plain()).send('GET', '/v1/policy', undefined, { as: 'admin' });
    return unless(status === 200, () => `the right key was answered with ${status}`);
  },
};

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

export const UNTRIED: readonly Attack[] = [asynchronous, stopped, garbage, hugeLine, orphan, ...unanswered, timing];
