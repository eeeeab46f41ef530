import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { accessBundle } from './access-bundle.js';
import { commandHere as command } from './printed.js';
import { bundleOf, run } from './running.js';

it('a request is made, looked at, approved, and taken back, from the command line', async () => {
  const writ = await run(accessBundle());
  const as = (name: string): string[] => ['--service', writ.url, '--key-file', writ.writ.keyFileOf(name)];
  const file = join(writ.data, 'request.json');
  const asked = {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'refund' },
    resource: { type: 'Order', id: '7' },
    context: { agent: { type: 'Agent', id: 'bot' }, task: 't1', input: { amount: 500 } },
  };
  writeFileSync(file, JSON.stringify(asked));
  expect(await command('request', 'list', ...as('admin'))).toMatchObject({
    code: 0,
    out: 'nobody is waiting for an approval\n',
  });
  const made = await command('request', 'add', file, '--justification', 'broken twice', ...as('default'));
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^arq_\S+ {2}pending\n$/) });
  const id = made.out.split(' ')[0] as string;
  const listed = await command('request', 'list', ...as('admin'));
  expect(listed.out).toContain('Agent::"bot", for User::"ana", asks to\n    refund on Order::"7"');
  expect(listed.out).toContain('They say: broken twice');
  const shown = await command('request', 'show', id, ...as('admin'));
  expect(shown.out).toContain('Denied until somebody steps in');
  const refused = await command('request', 'approve', id, '--as', 'User::"ana"', '--reason', 'mine', ...as('admin'));
  expect(refused).toMatchObject({ code: 2, out: expect.stringContaining('it was asked by or through them') });
  const done = await command(
    'request',
    'approve',
    id,
    '--as',
    'User::"lena"',
    '--reason',
    'seen',
    '--for-task',
    ...as('admin'),
  );
  expect(done).toMatchObject({ code: 0, out: expect.stringContaining('User::"lena" said approve: seen') });
  expect(done.out).toContain('It holds for this task; a new session is a new task, and asks again.');
  expect(done.out).toContain(`--until 8h; or give a role`);
  expect(done.out).toContain(`writ identity grant add 'Agent::"bot"' --in`);
  expect(await command('request', 'add', file, ...as('default'))).toMatchObject({
    code: 0,
    out: 'it is permitted: there is nothing to ask for\n',
  });
  const approvals = await command('request', 'approval', 'list', ...as('admin'));
  expect(approvals.out.replaceAll('\n    ', ' ')).toMatch(
    /^apr_\S+ {2}active {2}User::"ana" > Agent::"bot" may refund on Order::"7", in its task, until \S+; by User::"lena": seen\n$/,
  );
  const approval = approvals.out.split(' ')[0] as string;
  const bot = await command('identity', 'show', 'Agent::"bot"', ...as('admin'));
  expect(bot.out).toContain('approved    refund on Order::"7", by User::"lena", until');
  const ended = await command('request', 'approval', 'end', approval, '--reason', 'over', ...as('admin'));
  expect(ended).toMatchObject({ code: 0, out: expect.stringContaining('  ended  ') });
  const waiting = command('request', 'add', file, '--wait', ...as('default'));
  await expect.poll(async () => (await command('request', 'list', ...as('admin'))).out).toContain('pending');
  const open = (await command('request', 'list', '--json', ...as('admin'))).out;
  const [{ id: second }] = JSON.parse(open) as [{ id: string }];
  const bad = await command(
    'request',
    'approve',
    second,
    '--as',
    'User::"leo"',
    '--reason',
    'x',
    '--until',
    'soon',
    ...as('admin'),
  );
  expect([bad.code, bad.out]).toEqual([2, expect.stringContaining('"soon" is no time')]);
  const no = await command('request', 'deny', second, '--as', 'User::"leo"', '--reason', 'no', ...as('admin'));
  expect(no.out).not.toContain('It holds');
  expect(await waiting).toMatchObject({ code: 1, out: expect.stringMatching(/denied\n$/) });
  const third = (await command('request', 'add', file, ...as('default'))).out.split(' ')[0] as string;
  const until = ['--as', 'User::"lena"', '--reason', 'a shift', '--until', '1h'];
  expect((await command('request', 'approve', third, ...until, ...as('admin'))).out).toContain(
    'in every task until then',
  );
  await writ.stop();
});

it('writ test: what a person approves is lifted for the rest of the task, and for exactly that', async () => {
  const folder = bundleOf({
    'writ.yaml': 'name: approved',
    'schema.cedarschema': `entity User, Order;
      action refund appliesTo { principal: [User], resource: [Order], context: { input: { amount: Long } } };
      action approve appliesTo { principal: [User], resource: [Order] };`,
    'policies/all.cedar': `@id("staff") permit (principal, action, resource);
      @id("over-100") @requestable("lead") forbid (principal, action == Action::"refund", resource) when { context.input.amount > 100 };`,
    'access.yaml': 'templates: { lead: {} }',
    'tests/all.yaml': `tests:
  - test: approved
    steps:
      - request: &large { subject: { type: User, id: ana }, action: { name: refund }, resource: { type: Order, id: "7" }, context: { task: t, input: { amount: 500 } } }
        expect: step_up
      - request: *large
        approve: true
        expect: allow
      - request: *large
        expect: allow
      - request: { subject: { type: User, id: ana }, action: { name: refund }, resource: { type: Order, id: "7" }, context: { task: t, input: { amount: 501 } } }
        expect: step_up
`,
  });
  const tested = await command('test', folder);
  expect([tested.code, tested.out]).toEqual([0, expect.stringContaining('1')]);
  expect((await command('check', folder)).code).toBe(0);
});

it('writ test: what a mandate does not cover can be approved, where its kind says that it is asked for', async () => {
  const folder = bundleOf({
    'writ.yaml': 'name: outside',
    'schema.cedarschema': `entity User, Order, Task;
      action start_task appliesTo { principal: [User], resource: [Task] };
      action look, close appliesTo { principal: [User], resource: [Order] };
      action approve appliesTo { principal: [User], resource: [Order] };`,
    'policies/all.cedar': '@id("staff") permit (principal, action, resource);',
    'tasks.yaml':
      'default: any\ntasks: { any: { mandate: any }, looking: { mandate: [{ actions: [look] }], outside: ask } }',
    'tests/all.yaml': `tests:
  - test: outside
    kind: looking
    steps:
      - request: &close { subject: { type: User, id: ana }, action: { name: close }, resource: { type: Order, id: "7" } }
        expect: step_up
      - { request: *close, approve: true, expect: allow }
      - request: { subject: { type: User, id: ana }, action: { name: close }, resource: { type: Order, id: "8" } }
        expect: step_up
`,
  });
  const tested = await command('test', folder);
  expect([tested.code, tested.out]).toEqual([0, expect.stringContaining('1 passed')]);
});

it.each<[string, Record<string, string>, RegExp]>([
  [
    'nobody can approve',
    { 'schema.cedarschema': 'entity User, Order; action refund appliesTo { principal: [User], resource: [Order] };' },
    /it can be asked for, and nobody can approve it/,
  ],
  [
    'no such template',
    { 'access.yaml': 'templates: { other: {} }' },
    /no policy asks by the template other[\s\S]*access.yaml has no template lead/,
  ],
  [
    'nobody of that type',
    { 'access.yaml': 'templates: { lead: { ask: [\'Group::"x"\'] } }' },
    /the schema has no entity type Group/,
  ],
  [
    'an emergency that nobody may use',
    {
      'access.yaml':
        'templates: { lead: { emergency: { for: 5m, notify: [m] } } }\nnotify: { m: { to: webhook, url: "http://127.0.0.1:1/", secret: s } }',
    },
    /no action break_glass/,
  ],
  [
    'catalogs of nothing',
    { 'access.yaml': 'templates: { lead: { catalogs: { /context/x: { type: Order } } } }' },
    /catalogs are of the fields of a schema/,
  ],
  ['a schema that is none', { 'access.yaml': 'templates: { lead: { schema: { type: nothing } } }' }, /lead: schema: /],
  [
    'a channel that is not there',
    { 'access.yaml': 'templates: { lead: { notify: [mail] } }' },
    /mail is not one of notify/,
  ],
  [
    'callbacks without a secret',
    { 'access.yaml': 'callbacks: { allow: ["https://x.example/"] }' },
    /callbacks are signed/,
  ],
  [
    'what policies cannot see',
    {
      'schema.cedarschema':
        'entity User, Order; action refund appliesTo { principal: [User], resource: [Order] }; action approve appliesTo { principal: [User], resource: [Order], context: { request: { colour: String } } };',
    },
    /context.request has no colour/,
  ],
])('writ check: %s', async (_what, files, message) => {
  const folder = bundleOf({
    'writ.yaml': 'name: checked',
    'schema.cedarschema':
      'entity User, Order; action refund, approve appliesTo { principal: [User], resource: [Order] };',
    'policies/all.cedar': `@id("staff") permit (principal, action, resource);
      @id("asks") @requestable("lead") forbid (principal, action == Action::"refund", resource);`,
    'access.yaml': 'templates: { lead: {} }',
    ...files,
  });
  const checked = await command('check', folder);
  expect(checked.out).toMatch(message);
});
