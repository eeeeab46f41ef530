import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { commandHere } from '../printed.js';
import { ROOT } from './commands-in.js';
import { followingHere } from './following.js';
import { write } from './world.js';

/** The commands in the guides to the gateway, the guard, operation, the record and the registry run. */

const here = followingHere();
const PLANNER = { action: 'refund', input: { amount: 5 } };

it('docs/gateway.md', () => {
  const { world, follow } = here();
  return follow('docs/gateway.md', async (page) => {
    await page.run('writ start', /Stop with Ctrl-C|gateway\s+http/, {
      stays: true,
      with: { './data': './other --port 0 --gateway-port 0' },
    });
    await page.run('writ tool list', /echo/);
    await page.run('writ tool show', /echo/, { with: { 'SERVER/TOOL': 'shop/echo' } });
    await page.run('writ tool approve', /approved/, { with: { 'SERVER/TOOL': 'shop/echo', TEXT: 'seen' } });
    await page.run('writ bundle schema DIR', /echo/);
    cpSync('DIR', 'written', { recursive: true });
    await page.run('writ bundle schema DIR --write', /schema\.cedarschema/, { with: { DIR: 'written' } });
    await page.run('writ bundle schema DIR --check', /up to date/, { with: { DIR: 'written' } });
    expect((await world.ask(PLANNER)).decision).toBe(true);
    await page.run('writ init DIR --recorded', /refund|permits/, { with: { 'init DIR': 'init narrowed' } });
    await page.run('writ doctor', /bundle/);
  });
});

it('docs/guard.md', () => {
  const { follow } = here();
  return follow('docs/guard.md', async (page) => {
    await page.run('writ guard install', /no|nothing/);
  });
});

it('docs/operate.md', () => {
  const { world, follow } = here();
  return follow('docs/operate.md', async (page) => {
    await page.run('writ start', /gateway\s+http/, {
      stays: true,
      with: { '--data DIR': '--data other --port 0 --gateway-port 0' },
    });
    await page.run('writ caller list', /checkout/);
    await page.run('writ caller add', /cursor-for-ana/);
    await page.run('writ caller rotate', /docs-api/);
    await page.run('writ caller revoke', /docs-api/);
    const backup = { '--data DIR': '--data data' };
    await page.run('writ data backup', /backups\/2026-12-01/, { with: backup });
    await page.run('writ data restore', /restored/, { with: { '--data DIR': '--data restored' } });
    await page.run('writ log checkpoint', /^$/, { with: { '--data DIR': '--data other' } });
    await page.run('writ start', /gateway\s+http/, {
      stays: true,
      with: { '--data DIR': '--data other --port 0 --gateway-port 0' },
    });
    await page.run('writ data upgrade --data DIR --check', /up to date/, { with: { '--data DIR': '--data other' } });
    await page.run('writ data upgrade', /up to date/, { with: { '--data DIR': '--data other' } });
    // Nothing had to be changed, so that nothing was backed up.
    expect(await commandHere('data', 'backup', 'backups/before', '--data', 'other')).toMatchObject({ code: 0 });
    await page.run('writ data restore backups/before', /restored/, { with: { '--data DIR': '--data other' } });
    void world;
  });
});

it('docs/record.md', () => {
  const { world, follow } = here();
  return follow('docs/record.md', async (page) => {
    const { id } = await world.ask(PLANNER);
    cpSync(join('data', 'keys', 'log.pub'), 'log.pub');
    await page.run('writ log receipt', /one\.tlog-proof/, { with: { '01M8…': id } });
    await page.run('writ log verify one.tlog-proof', /refund/);
    await page.run('writ log verify --data data', /verified: \d+ entries/);
    await page.run('writ log export folder', /folder/);
    await page.run('writ log verify folder', /verified: \d+ entries/, {
      with: { ' --since earlier-checkpoint --witness witness.pub': '' },
    });
    await page.run('writ decision list --originator', /no decision has --result deny/);
    // It shows new decisions alone.
    let isShown = false;
    const all = { ' --tool shop/refund': '' };
    const followed = page.run('writ decision list --follow', /allow +planner +refund/, { stays: true, with: all });
    const end = (): void => {
      isShown = true;
    };
    void followed.then(end, end);
    while (!isShown) {
      await world.ask(PLANNER);
      await setTimeout(50);
    }
    await followed;
    await page.run('writ explain 01M8…', /refund/, { with: { '01M8…': id } });
    await page.run('writ explain 01M8… --all', /refund/, { with: { '01M8…': id } });
    cpSync('DIR', 'bundles/next', { recursive: true });
    await page.run('writ decision replay', /\d+ as they were/);
  });
});

it('docs/registry.md', () => {
  const { world, follow } = here();
  return follow('docs/registry.md', async (page) => {
    await world.ask(PLANNER);
    write(world, 'users.csv', 'email,grade,manager,groups\nada@shop.example,3,lena,a;b\n');
    write(world, 'users.yaml', page.block('    type: User\n'));
    await page.run('writ identity import', /1/);
    await page.run('writ identity list', /planner/);
    await page.run('writ identity set', /1\.2/);
    const revoked = await page.run('writ revoke identity', /revoked/);
    expect((await world.ask(PLANNER)).decision).toBe(false);
    const id = /writ revoke undo (\S+)/.exec(revoked)?.[1] as string;
    await page.run('writ revoke undo', /reinstated identity Agent::"planner"/, { with: { '01J…': id } });
    expect((await world.ask(PLANNER)).decision).toBe(true);
    await page.run('writ stop', /refund/);
    await page.run('writ log incident', /index\.html/);
    await page.run('writ identity grant add', /on-call/, { with: { ' --task TXN': '' } });
  });
});

it('docs/symptoms.md', () => {
  const { world, follow } = here();
  return follow('docs/symptoms.md', async (page) => {
    await world.ask({ ...PLANNER, agent: 'bot' });
    await page.run('writ doctor', /bundle/);
    await page.run('writ decision list', /deny +planner +refund/);
    await page.run('writ stop', /refund/);
    await page.run('writ revoke all', /everybody|all/);
    await page.run('writ log incident', /index\.html/);
    expect((await world.ask({ ...PLANNER, agent: 'other' })).decision).toBe(false);
  });
});

it('docs/bundles.md', () => {
  const { follow } = here();
  return follow('docs/bundles.md', async (page) => {
    cpSync(join(ROOT, 'examples/support-desk'), 'my-rules', { recursive: true });
    await page.run('writ test my-rules', /0 failed/);
    await page.run('writ test my-rules --only', /refund[\s\S]*0 failed/);
    await page.run('writ test my-rules --file', /mail\.yaml[\s\S]*0 failed/);
    await page.run('writ test my-rules --watch', /0 failed/, { stays: true });
    await page.run('writ test my-rules --format junit', /a support agent does not deploy/);
    expect(readFileSync('junit.xml', 'utf8')).toContain('<testsuite');
    await page.run('writ test my-rules --coverage', /0 failed/);
    await page.run('writ test my-rules --coverage-lcov', /0 failed/);
    expect(readFileSync('lcov.info', 'utf8')).toContain('end_of_record');
    await page.run('writ test my-rules --min-coverage', /0 failed/);
    rmSync('my-rules', { recursive: true });
  });
});

it('docs/start.md', () => {
  const { world, follow } = here();
  return follow('docs/start.md', async (page) => {
    cpSync('DIR', 'my-servers', { recursive: true });
    await page.run('writ up --server', /observing until/, {
      stays: true,
      with: {
        'npx -y @modelcontextprotocol/server-filesystem ~/notes': world.server,
        'my-db-server': world.otherServer,
        'writ up': 'writ up --bundle named --data new --port 0 --gateway-port 0',
      },
    });
    // Nothing answers at that address: the server is left out, and no other is named.
    await page.run('writ up --url', /tickets/, {
      code: 2,
      with: {
        'https://tickets.example/mcp': 'http://127.0.0.1:1/mcp',
        'writ up': 'writ up --bundle remote --data none',
      },
    });
    await page.run('writ init my-servers --server', /tickets/, { with: { 'my-ticket-server': world.server } });
  });
});

it('packages/writ/README.md', () => {
  const { world, follow } = here();
  return follow('packages/writ/README.md', async (page) => {
    await page.run('npx writ init', /drafted into/, { with: { 'my-mcp-server': world.server } });
    await page.run('npx writ check', /0 errors/);
  });
});
