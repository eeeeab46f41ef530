import { expect, it } from 'vitest';
import { followingHere } from './following.js';
import { write } from './world.js';

/** The commands in the guides to approvals, tasks, tokens, tools and the service run, and do what the page says. */

const here = followingHere();
const CALL = { tool: 'list_allowed_directories', args: {} };
const LARGE = { action: 'refund', input: { amount: 500 } };

it('docs/approvals.md', () => {
  const { world, follow } = here();
  return follow('docs/approvals.md', async (page) => {
    await page.run('writ init DIR', /drafted into drafted/, {
      with: { 'init DIR': 'init drafted', COMMAND: world.server },
    });
    await world.ask({ action: 'refund' });
    await page.run('writ identity set', /lena/);
    const [first, other] = [await world.request(LARGE), await world.request({ ...LARGE, resource: 'Order::8' })];
    await page.run('writ request list', /refund on Order::"7"/);
    await page.run('writ request show', /refund-over-100/, { with: { 'arq_…': first } });
    await page.run('writ request approve', /approve: the lamp was broken twice/, { with: { 'arq_…': first } });
    expect((await world.ask(LARGE)).decision).toBe(true);
    await page.run('writ request deny', /deny: not again/, { with: { 'arq_…': other } });
    const like = (amount: number) => ({ ...LARGE, task: 't1', input: { amount } });
    const one = await world.request(like(600));
    await world.request(like(700));
    const listed = await page.run('writ request list', /2 like calls of this task, list \w+:/);
    const list = /list (\w+):/.exec(listed)?.[1] as string;
    await page.run('writ request approve arq_a1… --list', /both are ours/, {
      with: { 'arq_a1…': one, '9f3ac01d6b7e42558a10': list },
    });
    expect((await world.ask(like(700))).decision).toBe(true);
    const [three, four] = [await world.request(like(800)), await world.request(like(900))];
    await page.run('writ request approve arq_a1… arq_b2…', /both are ours/, {
      with: { 'arq_a1…': three, 'arq_b2…': four },
    });
    const consent = { action: 'confirm' };
    write(world, 'ana.jwt', await world.token());
    await page.run('writ request approve arq_… --token', /yes, refund it/, {
      with: { 'arq_…': await world.request(consent) },
    });
    expect((await world.ask(consent)).decision).toBe(true);
  });
});

it('docs/tasks.md', () => {
  const { world, follow } = here();
  return follow('docs/tasks.md', async (page) => {
    write(world, 'ana.jwt', await world.token());
    write(world, 'prompt.txt', 'Refund 20 EUR for order 17');
    const started = await page.run('writ task start', /refund/);
    const txn = /\b(01[0-9A-HJKMNP-TV-Z]{24})\b/.exec(started)?.[1] as string;
    await page.run('writ task show', /User::"ana"/, { with: { '01M86F6DRF91X9NESE8HZ2MHGK': txn } });
    await page.run('writ task list', new RegExp(txn));
    await page.run('writ task end', /ended/, { with: { '01M86F6DRF91X9NESE8HZ2MHGK': txn } });
    await page.run('writ task propose', /amount/);
    await page.run('writ task start', /Order::"17"/);
  });
});

it('docs/tokens.md', () => {
  const { world, follow } = here();
  return follow('docs/tokens.md', async (page) => {
    write(world, 'credential.txt', await world.token());
    const { access_token } = JSON.parse((await page.run('curl', /access_token/)).replace(/^[^{]*/, ''));
    await page.run('npx writ task token', /ana/, { with: { TOKEN: access_token } });
    write(world, 'planner.jwk', JSON.stringify(world.publicKey));
    const added = await page.run('writ identity key add', /planner/);
    const thumbprint = /[\w-]{43}/.exec(added)?.[0] as string;
    await page.run('writ identity key list', new RegExp(thumbprint));
    await page.run('writ identity key remove', /is no key of Agent::"planner" any more/, {
      with: { THUMBPRINT: thumbprint },
    });
  });
});

it('docs/tools.md', () => {
  const { world, follow } = here();
  return follow('docs/tools.md', async (page) => {
    await page.run('writ init my-bundle -- npx', /drafted into my-bundle/, {
      with: { 'npx some-mcp-server': world.server },
    });
    await page.run('writ check my-bundle', /0 errors/);
    write(
      world,
      'tasks.jsonl',
      `${JSON.stringify({ task: 'talk', principal: { type: 'User', id: 'user' }, calls: [CALL] })}\n`,
    );
    await page.run('writ bundle replay', /1 call/);
    write(
      world,
      'tools.json',
      JSON.stringify({ tools: [{ name: 'find', inputSchema: { type: 'object', properties: {} } }] }),
    );
    write(world, 'answers.json', JSON.stringify({ find: { id: 1, from: 'a@b.example' } }));
    await page.run('writ init my-bundle --tools', /drafted into answered/, {
      with: { 'init my-bundle': 'init answered' },
    });
    const read = await world.ask({ action: 'read_web', resource: 'Tool::read_web', task: 'web' });
    await world.report(read.id, 'mail bob@web.example, who knows ana');
    const note = { action: 'write_note', resource: 'Tool::write_note', task: 'web' };
    await world.report((await world.ask({ ...note, input: { id: '17', text: 'bob knows ana' } })).id, 'written');
    const send = { action: 'send', resource: 'Tool::send', task: 'web', input: { to: 'bob@web.example' } };
    const stopped = await world.ask(send);
    await page.run('writ decision endorse', /endorsed/, { with: { '01M86F6DRF91X9NESE8HZ2MHGK': stopped.id } });
    expect([stopped.decision, (await world.ask(send)).decision]).toEqual([false, true]);
    await page.run('writ ledger labels', /external/);
  });
});

it('docs/ledger.md', () => {
  const { world, follow } = here();
  return follow('docs/ledger.md', async (page) => {
    const read = { action: 'read_web', resource: 'Tool::read_web', agent: 'reader' };
    await world.report((await world.ask(read)).id, 'a text of others');
    // The list of tasks is written after the answer has left.
    await expect.poll(() => world.taskOf('reader')).toBeDefined();
    await page.run('writ ledger show', /external/, {
      with: { '01M86F6DRF91X9NESE8HZ2MHGK': (await world.taskOf('reader')) as string },
    });
  });
});

it('docs/service.md', () => {
  const { world, follow } = here();
  return follow('docs/service.md', async (page) => {
    await page.run('curl', /"decision":true/);
    await page.run('curl', /support-bot/);
    expect((await world.ask({ action: 'refund', agent: 'support-bot' })).decision).toBe(false);
  });
});
