import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { staysUp, unless } from '../alive.js';
import type { Attack, Held } from '../attack.js';
import { PLAIN } from '../bundles.js';
import type { Reply } from '../service.js';
import { type World, write } from '../world.js';

/** F10: a big or hostile bundle at a reload. Others are decided for meanwhile, and the last good one stays if it cannot be used. */

const policies = (count: number): string =>
  Array.from(
    { length: count },
    (_, i) => `@id("p${i}") permit (principal == User::"u${i}", action == Action::"mail", resource == Doc::"d${i}");`,
  ).join('\n');

type Change = (folder: string) => void;

const writes =
  (path: string, text: string): Change =>
  (folder) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };

/** A reload of what was changed, while others are decided for. Those that are refused leave the bundle as it was. */
async function reload(
  world: World,
  change: Change,
  seconds: number,
): Promise<{ held: Held; reply: Reply | undefined }> {
  const service = await world.shared.get('reloads', () => world.lasting(PLAIN));
  const { bundle } = service.options;
  world.onEnd(() => {
    rmSync(bundle, { recursive: true, force: true });
    write(bundle, PLAIN);
  });
  change(bundle);
  let reply: Reply | undefined;
  const timeoutMs = seconds * 1_000;
  const held = await staysUp(
    service,
    async () => {
      reply = await service.send('POST', '/v1/policy/reload', undefined, { as: 'admin', timeoutMs });
    },
    { seconds },
  );
  if (held !== undefined) return { held, reply };
  if (reply === undefined) return { held: `the reload was not answered within ${seconds} s`, reply };
  const pay = { action: 'pay', context: { input: { amount: 1 } } };
  if (!(await service.permits(pay))) return { held: 'what the last good bundle permits is denied', reply };
  return {
    held: unless(!(await service.permits({ action: 'gone' })), () => 'it permits what no bundle permits'),
    reply,
  };
}

/** Legal: the reload succeeds. */
const BIG: Readonly<Record<string, Change>> = {
  '5,000 policies in one file': writes('policies/big.cedar', policies(5_000)),
  '20,000 policies in one file': writes('policies/big.cedar', policies(20_000)),
  '20,000 policies of one principal type': writes(
    'policies/big.cedar',
    Array.from(
      { length: 20_000 },
      (_, i) =>
        `@id("p${i}") permit (principal is User, action == Action::"mail", resource) when { principal == User::"u${i}" };`,
    ).join('\n'),
  ),
};

const big = Object.entries(BIG).map(
  ([what, change]): Attack => ({
    kind: 'bundles at a reload',
    name: `reload: ${what}`,
    finding: 'F10',
    seconds: 150,
    async attack(world) {
      const { held, reply } = await reload(world, change, 100);
      return held ?? unless(reply?.status === 200, () => `a legal bundle was refused: ${reply?.text.slice(0, 200)}`);
    },
    twin: small,
  }),
);

async function small(world: World): Promise<Held> {
  const service = await world.fresh(PLAIN);
  writes('policies/more.cedar', policies(50))(service.options.bundle);
  const { status } = await service.send('POST', '/v1/policy/reload', undefined, { as: 'admin' });
  const asked = { user: 'u7', action: 'mail', id: 'd7' };
  return unless(status === 200 && (await service.permits(asked)), () => `50 new policies are not in use (${status})`);
}

const deep = (open: string, close: string, depth: number): string => `${open.repeat(depth)}${close.repeat(depth)}`;
const aliases = Array.from({ length: 28 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`).join('\n');

/** Refused, or at least without harm. */
const HOSTILE: Readonly<Record<string, Change>> = {
  'a condition in 100,000 brackets': writes(
    'policies/x.cedar',
    `@id("x") permit (principal, action, resource) when { ${'('.repeat(100_000)}true${')'.repeat(100_000)} };`,
  ),
  'a condition with 50,000 times not': writes(
    'policies/x.cedar',
    `@id("x") permit (principal, action, resource) when { ${'!'.repeat(50_000)}true };`,
  ),
  'a condition of 100,000 parts': writes(
    'policies/x.cedar',
    `@id("x") permit (principal, action, resource) when { ${'false || '.repeat(100_000)}false };`,
  ),
  'a set in 50,000 sets': writes(
    'policies/x.cedar',
    `@id("x") permit (principal, action, resource) when { ${deep('[', ']', 50_000)} == [] };`,
  ),
  'aliases of YAML that multiply': writes('ledger.yaml', `a0: &a0 [x, x]\n${aliases}\naccumulators: {}\n`),
  'YAML of 3,000 brackets': writes('tools.yaml', `tools: ${'['.repeat(3_000)}`),
  'YAML of 2,000 braces': writes('ledger.yaml', `accumulators: ${'{'.repeat(2_000)}`),
  'facts in 100,000 brackets': writes('entities/x.json', deep('[', ']', 100_000)),
  'types of the schema that mean each other': writes(
    'schema.cedarschema',
    'type A = B; type B = A; entity User; action a appliesTo { principal: [User], resource: [User], context: { x: A } };',
  ),
  'a record type 20,000 deep': writes(
    'schema.cedarschema',
    `type A = ${'{a:'.repeat(20_000)}Long${'}'.repeat(20_000)};`,
  ),
  'a policy that is a link to /dev/zero': (folder) => symlinkSync('/dev/zero', join(folder, 'policies/x.cedar')),
  'a policy that is a pipe': (folder) => void execFileSync('mkfifo', [join(folder, 'policies/x.cedar')]),
  'a folder that leads into itself': (folder) => symlinkSync('..', join(folder, 'policies/again')),
  'a policy of 300 MB': (folder) => {
    writeFileSync(join(folder, 'policies/x.cedar'), '');
    truncateSync(join(folder, 'policies/x.cedar'), 300_000_000);
  },
};

const hostile = Object.entries(HOSTILE).map(
  ([what, change]): Attack => ({
    kind: 'bundles at a reload',
    name: `reload: ${what}`,
    finding: 'F10',
    seconds: 90,
    attack: async (world) => (await reload(world, change, 40)).held,
    twin: (world) => world.shared.once('small', () => small(world)),
  }),
);

export const RELOADS: readonly Attack[] = [...big, ...hostile];
