import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../alive.js';
import { type Attack, BOTH, type Held } from '../attack.js';
import { PLAIN } from '../bundles.js';
import { ran, rest } from '../processes.js';
import type { Service } from '../service.js';
import { startWitness } from '../witness.js';
import type { World } from '../world.js';

/** F15 and F16: the state beside the log is changed while the service is stopped; then it must not decide by it. */

const KIND = 'state changed offline';

/** Has spent 90 of 100, has revoked User "eve", and has an approval; then it is stopped. */
async function spent(world: World): Promise<Service> {
  const service = await world.fresh();
  await service.ask({ action: 'pay', context: { input: { amount: 90 } } });
  await revoke(service, 'eve');
  await service.stop();
  return service;
}

async function revoke(service: Service, user: string): Promise<number> {
  const body = { kind: 'identity', target: `User::"${user}"`, reason: 'abuse' };
  return (await service.send('POST', '/v1/revocations', body, { as: 'admin' })).status;
}

/** Runs SQL on the stopped store. */
async function sql(world: World, { options }: Service, text: string): Promise<void> {
  if (options.store !== undefined) {
    await world.postgres.query(options.store, text);
    return;
  }
  const { code, out } = await ran('sqlite3', [join(options.data, 'writ.db')], { input: text });
  if (code !== 0) throw new Error(`sqlite3: ${out}`);
}

/** Whether the budget, the revocation and the callers are as before. */
async function isAsBefore(service: Service): Promise<Held> {
  if (await service.permits({ action: 'pay', context: { input: { amount: 50 } } })) return 'the budget is back';
  if (await service.permits({ user: 'eve' })) return 'the revoked identity is permitted';
  const policy = await service.send('GET', '/v1/policy', undefined, {
    headers: { Authorization: `Bearer ${FORGED}` },
    as: null,
  });
  return unless(policy.status !== 200, () => 'a planted key is the administrator');
}

const FORGED = `writ_${'A'.repeat(43)}`;
const HASH = createHash('sha256').update(FORGED).digest('hex');

const CHANGES: Readonly<Record<string, string>> = {
  'the budgets are emptied': 'delete from log_holdings;',
  'the accounts are emptied': 'delete from log_accounts;',
  'the budgets and accounts are emptied': 'delete from log_holdings; delete from log_accounts;',
  'the revocations are emptied': 'delete from registry_revocations;',
  'the revocations and their changes are emptied': 'delete from registry_revocations; delete from registry_changes;',
  'the used permits are emptied':
    'delete from log_holdings; delete from log_outcomes; delete from log_uses; delete from log_proofs;',
};

async function changed(world: World, text: string): Promise<Held> {
  const stopped = await spent(world);
  await sql(world, stopped, text);
  const service = await world.startsAgain(stopped);
  return service === undefined ? undefined : isAsBefore(service);
}

/** Nothing was changed: it starts, and all is as before. */
async function unchanged(world: World): Promise<Held> {
  const service = await world.startsAgain(await spent(world));
  if (service === undefined) return 'the start was refused';
  const honest = await service.permits({ action: 'pay', context: { input: { amount: 5 } } });
  return (await isAsBefore(service)) ?? unless(honest, () => 'a payment within the budget was denied');
}

const changes = Object.entries(CHANGES).map(
  ([what, text]): Attack => ({
    kind: KIND,
    name: what,
    finding: 'F15',
    stores: what.endsWith('are emptied') && !what.includes(' and ') ? BOTH : ['sqlite'],
    seconds: 120,
    attack: (world) => changed(world, text),
    twin: (world) => world.shared.once('unchanged', () => unchanged(world)),
  }),
);

const credential: Attack = {
  kind: KIND,
  name: 'the hash of the administrator’s key is replaced',
  finding: 'F15',
  stores: BOTH,
  seconds: 120,
  async attack(world) {
    const stopped = await spent(world);
    const column = "update credentials set hash = '%' where name = 'admin';";
    await sql(world, stopped, column.replace('%', HASH));
    const service = await world.startsAgain(stopped);
    return service === undefined ? undefined : isAsBefore(service);
  },
  twin: (world) => world.shared.once('unchanged', () => unchanged(world)),
};

const verified: Attack = {
  kind: KIND,
  name: '`writ log verify --state` says that all is well after the budgets were emptied',
  finding: 'F15',
  seconds: 120,
  async attack(world) {
    const stopped = await spent(world);
    await sql(world, stopped, 'delete from log_holdings; delete from log_accounts; delete from registry_revocations;');
    const { code } = await world.writ('log', 'verify', '--state', '--data', stopped.options.data);
    return unless(code === 1, () => `exit code ${code}`);
  },
  async twin(world) {
    const { code, out } = await world.writ('log', 'verify', '--state', '--data', (await spent(world)).options.data);
    return unless(code === 0, () => `exit code ${code}: ${out.slice(0, 300)}`);
  },
};

const yesterday: Attack = {
  kind: KIND,
  name: 'the folder of yesterday is put back, and there is a witness',
  finding: 'F15',
  seconds: 150,
  async attack(world) {
    const { service, witness } = await witnessed(world);
    await service.ask({ action: 'pay', context: { input: { amount: 10 } } });
    await cosigned();
    await service.stop();
    const old = world.copyOf(service.options.data);
    const day = await world.again(service);
    await day.ask({ action: 'pay', context: { input: { amount: 80 } } });
    await revoke(day, 'eve');
    await cosigned();
    await day.stop();
    rmSync(service.options.data, { recursive: true });
    cpSync(old, service.options.data, { recursive: true });
    const again = await world.startsAgain(day);
    const held = again === undefined ? undefined : await isAsBefore(again);
    witness();
    return held;
  },
  async twin(world) {
    const { service, witness } = await witnessed(world);
    await service.ask({ action: 'pay', context: { input: { amount: 10 } } });
    await cosigned();
    await service.stop();
    const again = await world.startsAgain(service);
    const honest = await again?.permits({ action: 'pay', context: { input: { amount: 5 } } });
    witness();
    return unless(honest === true, () => 'it does not decide after an honest restart');
  },
};

/** A service asks its witnesses every 5 s. */
const ROUNDS_MS = 12_000;

/** Waits until the witness has signed for everything that the log has: what it does not know it cannot miss. */
const cosigned = (): Promise<void> => rest(ROUNDS_MS);

/** A service, and a witness of its log. */
async function witnessed(world: World): Promise<{ service: Service; witness: () => void }> {
  const first = await world.fresh();
  await first.stop();
  const own = await startWitness(world, first.options.data);
  world.onEnd(own.stop);
  const record = `record:\n  witnesses: [{ url: "${own.url}", key: "${own.key}" }]\n`;
  writeFileSync(join(first.options.bundle, 'writ.yaml'), `${String(PLAIN['writ.yaml'])}${record}`);
  return { service: await world.again(first), witness: own.stop };
}

const journal: Attack = {
  kind: KIND,
  name: 'killed, then the journal is missing',
  finding: 'F16',
  seconds: 150,
  async attack(world) {
    // Each kill leaves other entries in the journal alone: each time the loss is noticed, or nothing is missing.
    for (let round = 0; round < 4; round += 1) {
      const service = await world.fresh();
      const paid = await Promise.all(
        Array.from({ length: 9 }, () => service.permits({ action: 'pay', context: { input: { amount: 10 } } })),
      );
      await service.kill();
      const file = join(service.options.data, 'log.journal');
      if (existsSync(file)) rmSync(file);
      const again = await world.startsAgain(service);
      if (again === undefined) continue;
      const spentBefore = paid.filter(Boolean).length * 10;
      const amount = 101 - spentBefore;
      if (await again.permits({ action: 'pay', context: { input: { amount } } }))
        return `${amount} were permitted after ${spentBefore} of 100 had been acknowledged`;
      await again.kill();
    }
    return undefined;
  },
  async twin(world) {
    const service = await world.fresh();
    await service.ask({ action: 'pay', context: { input: { amount: 90 } } });
    await service.kill();
    const again = await world.startsAgain(service);
    if (again === undefined) return 'the start was refused after a kill alone';
    if (await again.permits({ action: 'pay', context: { input: { amount: 50 } } })) return 'the budget is back';
    return unless(
      await again.permits({ action: 'pay', context: { input: { amount: 5 } } }),
      () => 'nothing is permitted',
    );
  },
};

const planted: Attack = {
  kind: KIND,
  name: 'a last-good.json that permits all, beside a broken bundle',
  finding: 'F15',
  stores: BOTH,
  seconds: 120,
  async attack(world) {
    const [service, other] = [
      await world.fresh(),
      await world.fresh({ ...PLAIN, 'policies/all.cedar': '@id("x") permit (principal, action, resource);' }),
    ];
    await service.stop();
    await other.stop();
    copyFileSync(join(other.options.data, 'last-good.json'), join(service.options.data, 'last-good.json'));
    writeFileSync(join(service.options.bundle, 'policies/all.cedar'), 'permit (');
    const again = await world.startsAgain(service);
    return unless(
      again === undefined || !(await again.permits({ action: 'gone' })),
      () => 'it decides by the planted policy',
    );
  },
  async twin(world) {
    const service = await world.fresh();
    await service.stop();
    writeFileSync(join(service.options.bundle, 'policies/all.cedar'), 'permit (');
    const again = await world.startsAgain(service);
    return unless(again !== undefined && (await again.permits()), () => 'the last good policy is not used');
  },
};

export const STATE: readonly Attack[] = [...changes, credential, verified, yesterday, journal, planted];
