import { describe, expect, it } from 'vitest';
import { checkBundle } from '../src/bundle/check/check.js';
import { EFFECTS } from '../src/bundle/format/tools.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider, planeOf } from '../src/decide/plane-of.js';
import type { DecisionRecord } from '../src/decide/record.js';
import { editText } from '../src/decide/replay/edits.js';
import { accountOf } from '../src/decide/replay/explanation.js';
import { Replay } from '../src/decide/replay/replay.js';
import { bundleFrom } from './planes.js';

/** Programs as arguments: what a text does decides, and each table of a statement is decided on. */

const SCHEMA = `
  entity User; entity Tool; entity Schema; entity Table in [Schema] = { owner?: User };
  action query appliesTo { principal: [User], resource: [Tool, Table], context: { input: { sql?: String, limit?: Long } } };
  action shell appliesTo { principal: [User], resource: [Tool], context: { input: { command: String } } };
  action look appliesTo { principal: [User], resource: [Tool], context: {} };`;
const TABLES = ['orders', 'customers'].map((name) => ({
  uid: { type: 'Table', id: `public.${name}` },
  attrs: {},
  parents: [{ type: 'Schema', id: 'public' }],
}));
const ENTITIES = [{ uid: { type: 'User', id: 'ana' }, attrs: {}, parents: [] }, ...TABLES];
const POLICIES = `
  @id("tools") permit (principal, action, resource is Tool);
  @id("tables") permit (principal, action == Action::"query", resource is Table in Schema::"public") when { context.program.access == "read" };
  @id("writes") forbid (principal, action, resource) when { context.tool.effects.containsAny(["write", "destroy"]) };
  @id("push") forbid (principal, action == Action::"shell", resource) when { context.program.programs.contains("git push") };
  @id("program") forbid (principal, action, resource) when { context has program && !context.program.understood };
  @id("outside") forbid (principal, action, resource) when { context has program && context.program.readsOutside };`;
const TOOLS = `
tools:
  query: { arguments: { sql: { language: sql, tables: Table } } }
  shell: { arguments: { command: { language: shell } } }
  look: { effects: [read] }
programs:
  shell: { ls: [read], git: [read], git push: [egress], curl: [read] }
`;
const FILES = {
  'schema.cedarschema': SCHEMA,
  'entities/all.json': JSON.stringify(ENTITIES),
  'policies/all.cedar': POLICIES,
  'tools.yaml': TOOLS,
};
const bundle = bundleFrom(FILES);
const decider = offlineDecider(bundle, { append: async () => undefined }, () => new Date());

async function decided(name: string, input: object): Promise<DecisionRecord> {
  const request = {
    subject: { type: 'User', id: 'ana' },
    action: { name },
    resource: { type: 'Tool', id: name },
    context: { input: { ...input } },
  };
  return JSON.parse(JSON.stringify(await decider.decide(request, inProcess('test'), undefined)));
}
const query = (sql: unknown) => decided('query', { sql });
const shell = (command: string) => decided('shell', { command });
const policies = ({ reasons }: DecisionRecord): string[] => [...new Set(reasons.map(({ policy }) => policy))].sort();

describe('each table of a statement', () => {
  it('is decided on, in one decision that records each', async () => {
    const record = await query('select * from orders join customers on true');
    expect(record.result).toBe('allow');
    expect(record.parts?.map(({ access, fact }) => [access, fact.uid.id])).toEqual([
      ['read', 'public.customers'],
      ['read', 'public.orders'],
    ]);
    expect(record.reasons).toContainEqual({
      policy: 'tables',
      effect: 'permit',
      identity: { type: 'User', id: 'ana' },
      resource: { type: 'Table', id: 'public.customers' },
    });
  });

  it('denies for all, and the denial names it', async () => {
    const record = await query('select * from orders where id in (select id from hr.salaries)');
    expect(record).toMatchObject({ result: 'deny', refusal: { code: 'not_permitted' } });
    expect(record.refusal?.message).toContain('on Table::"hr.salaries"');
  });

  it('that is written is not one that is read', async () => {
    const record = await query('update orders set state = (select name from customers limit 1)');
    expect(policies(record)).toEqual(['writes']);
    expect(record.parts?.map(({ access, fact }) => [access, fact.uid.id])).toContainEqual(['write', 'public.orders']);
  });

  it.each([
    ['two statements', 'select 1; select 2'],
    ['a setting', "select set_config('role', 'admin', false)"],
    ['no text', 17],
    ['a statement of another kind', 'copy orders to stdout'],
  ])('is not known of %s, which is denied', async (_name, sql) => {
    expect(await query(sql)).toMatchObject({
      result: 'deny',
      refusal: { code: expect.stringMatching(/program_not_understood|invalid_request/) },
    });
  });

  it('is explained, and what would have changed its decision is found', async () => {
    const account = accountOf(await query('select * from orders join hr.salaries on true'), bundle);
    expect(account.parts).toEqual([
      'tools would permit User::"ana" on Table::"hr.salaries", but this is false: resource is Tool',
      'tables would permit User::"ana" on Table::"hr.salaries", but this is false: resource is Table in Schema::"public"',
    ]);
    expect(account.alternatives.map(({ edits }) => edits.map(editText))).toEqual([
      ['Table::"hr.salaries" in Schema::"public"'],
    ]);
    const allowed = accountOf(await query('select * from orders'), bundle);
    expect(allowed.parts).toEqual([
      'tables, for User::"ana" on Table::"public.orders": when context.program.access == "read"',
    ]);
  });

  it('is counted: more than 32 are too many', async () => {
    const many = Array.from({ length: 33 }, (_, i) => `select 1 from t${i}`).join(' union all ');
    expect(await query(many)).toMatchObject({ result: 'deny', refusal: { code: 'program_not_understood' } });
  });

  it('is decided on again from the record alone', async () => {
    const replay = new Replay(planeOf(bundle), bundle.entities);
    for (const sql of ['select * from orders', 'select * from hr.salaries', 'delete from orders', 'listen x']) {
      const record = await query(sql);
      const again = replay.decide(record);
      expect([sql, again.kind === 'decided' && again.verdict.result]).toEqual([sql, record.result]);
    }
    // The policies alone would permit a statement of which no table is known.
    const loose = bundleFrom({ ...FILES, 'policies/all.cedar': '@id("all") permit (principal, action, resource);' });
    for (const sql of ['select 1; select 2', 'select * from orders', 'select * from hr.salaries']) {
      const again = new Replay(planeOf(loose), loose.entities).decide(await query(sql));
      const allowed = sql.includes(';') ? 'deny' : 'allow';
      expect([sql, again.kind === 'decided' && again.verdict.result]).toEqual([sql, allowed]);
    }
    const record = await query('select * from orders');
    expect(replay.decide({ ...record, parts: [] })).toMatchObject({ kind: 'not-recorded' });
    const masked = { ...record.request.context, input: { sql: { masked: 'dropped' } } };
    const hidden = { ...record, request: { ...record.request, context: masked } };
    expect(replay.decide({ ...hidden, parts: [] }).kind).toBe('not-recorded');
    const stricter = POLICIES.replace('resource is Table in Schema::"public"', 'resource == Table::"public.orders"');
    const others = bundleFrom({ ...FILES, 'policies/all.cedar': stricter });
    const made = new Replay(planeOf(others), others.entities).decide(await query('select * from customers'));
    expect(made).toMatchObject({ kind: 'decided', verdict: { result: 'deny' } });
  });
});

describe('a program in the shell', () => {
  it.each([
    ['ls -l src | git log', 'allow', ['tools']],
    ['git push origin main', 'deny', ['push', 'writes']],
    ['sh -c "git  push"', 'deny', ['push', 'writes']],
    ['ls > list.txt', 'deny', ['writes']],
    ['frobnicate --all', 'deny', ['writes']],
    ['ls --weird', 'deny', ['writes']],
    ['eval ls', 'deny', ['program', 'writes']],
    ['ls ../secrets', 'deny', ['outside']],
    ['ls $HOME', 'deny', ['outside']],
    ['bash', 'deny', ['writes']],
  ])('%s: %s', async (command, result, by) => {
    const record = await shell(command);
    expect([record.result, policies(record)]).toEqual([result, by]);
  });

  it.each([
    ['a subcommand that nobody reads', 'kubectl delete pod', ['destroy', 'read', 'write']],
    ['a subcommand of a subcommand', 'docker compose ps', ['account']],
    ['a name of the prototype', 'toString; __proto__', EFFECTS],
    ['a folder that is not of the system', './ls; /tmp/ls', EFFECTS],
    ['a folder that is', '/bin/ls', ['read']],
    ['another case', 'LS', EFFECTS],
    ['another machine', 'ssh h kubectl get', ['destroy', 'egress', 'read']],
    ['a value that is no text', ['ls'], EFFECTS],
    ['no value, where the tool has no effects of its own', null, EFFECTS],
  ])('has every effect that its text can have: %s', (_name, command, effects) => {
    const given = bundleFrom({
      ...FILES,
      'tools.yaml': TOOLS.replace(
        'ls: [read]',
        'ls: [read], ssh: [egress], kubectl: [read], kubectl delete: [destroy], docker: [money], docker compose: [account]',
      ),
    });
    expect([...planeOf(given).tools.ofCall('shell', { command }).effects].sort()).toEqual([...effects].sort());
  });

  it('adds to the effects of its tool, which a call without one has alone', () => {
    const given = bundleFrom({ ...FILES, 'tools.yaml': TOOLS.replace('  shell: {', '  shell: { effects: [money],') });
    const { tools } = planeOf(given);
    expect(tools.ofCall('shell', {}).effects).toEqual(['money']);
    expect(tools.ofCall('shell', { command: 'ls' }).effects).toEqual(['money', 'read']);
  });

  it('that also speaks SQL keeps the stores of its tool', () => {
    const given = bundleFrom({ ...FILES, 'tools.yaml': TOOLS.replace('  shell: {', '  shell: { writes: files,') });
    const { tools } = planeOf(given);
    expect(tools.ofCall('shell', { command: 'psql -c "select 1"; python x.py' }).writes).toBe('files');
  });

  it('is no part of an action without one', async () => {
    expect((await decided('look', {})).result).toBe('allow');
  });
});

it('two tables with a dot in their names are two', async () => {
  const names = async (sql: string) => (await query(sql)).parts?.map(({ fact }) => fact.uid.id);
  expect(await names('select 1 from "a.b".c')).toEqual(['"a.b".c']);
  expect(await names('select 1 from a."b.c"')).toEqual(['a."b.c"']);
});

describe('the result of a statement', () => {
  const labelled = bundleFrom({
    ...FILES,
    'tools.yaml': `${TOOLS}  tables:
    public.orders: { result: internal }
    public.customers: { result: internal, columns: { email: { confidentiality: confidential, labels: [pii] } } }
`,
  });
  const { tools } = planeOf(labelled);
  it.each([
    ['its table', 'select * from orders', []],
    ['a column that is not named', 'select name from customers', []],
    ['a column that is', 'select email from customers', ['confidential', 'pii']],
    ['a column in a condition', "select 1 from customers where email like 'a%'", ['confidential', 'pii']],
    ['all columns', 'select c.* from orders join customers c on true', ['confidential', 'pii']],
    ['a table that nobody described', 'select * from notes', ['confidential', 'external']],
    ['all tables, if it is not understood', 'table orders; table notes', ['confidential', 'external', 'pii']],
    ['all tables, if it is not given', null, ['confidential', 'external', 'pii']],
  ])('has the labels of %s', (_name, sql, labels) => {
    expect(tools.ofCall('query', { sql }).describedLabels).toEqual(labels);
  });
});

describe('labels of tables', () => {
  it.each(['{ result: user }', '{ columns: { email: user } }', '{ columns: { email: { when: "1 +" } } }'])(
    'that no result can have are a finding, before any call: %s',
    (labels) => {
      const made = bundleFrom({ ...FILES, 'tools.yaml': `${TOOLS}  tables: { public.orders: ${labels} }` });
      const found = checkBundle(made).filter(({ code }) => code === 'tools/description');
      expect(found).toMatchObject([{ severity: 'error', file: 'tools.yaml', line: 8 }]);
    },
  );
});

describe('a search path', () => {
  it.each(['["$user", public]', '[pg_temp]', '[public, pg_catalog]'])(
    'that means different schemas is a finding: %s',
    (path) => {
      const given = TOOLS.replace('language: sql,', `language: sql, searchPath: ${path},`);
      expect(() => bundleFrom({ ...FILES, 'tools.yaml': given })).toThrow('write schemas by their names');
    },
  );

  it('can begin with the catalogue', () => {
    const given = TOOLS.replace('language: sql,', 'language: sql, searchPath: [pg_catalog, shop],');
    const { tools } = planeOf(bundleFrom({ ...FILES, 'tools.yaml': given }));
    expect(tools.ofCall('query', { sql: 'select * from orders' }).program?.reads).toEqual(['shop.orders']);
  });
});

describe('a catalogue', () => {
  const names = ['roles', 'schemas', 'relations', 'columns', 'views', 'inherits', 'foreignKeys', 'expressions'];
  const more = ['triggers', 'rules', 'policies', 'functions', 'types', 'operators', 'casts'];
  const column = { attnum: 1, attname: 'name', attgenerated: '', adsrc: null, sequences: [], atttypid: 25 };
  const snapshot = {
    format: 'writ/postgres-catalogue',
    version: 1,
    server: { version: 180000, database: 'shop', searchPath: ['public'] },
    catalog: {
      ...Object.fromEntries([...names, ...more].map((name) => [name, []])),
      schemas: [{ oid: 2200, nspname: 'public' }],
      relations: ['customers', 'orders'].map((relname, i) => ({
        ...{ oid: i + 1, relname, relnamespace: 2200, relrowsecurity: false },
        relkind: relname === 'orders' ? 'v' : 'r',
      })),
      columns: [1, 2].map((attrelid) => ({ ...column, attrelid })),
      views: [{ oid: 2, def: ' SELECT customers.name FROM public.customers;' }],
    },
  };
  const withCatalogue = (text: string) =>
    bundleFrom({
      ...FILES,
      'tools.yaml': TOOLS.replace('language: sql,', 'language: sql, catalogue: catalogues/shop.json,'),
      'catalogues/shop.json': text,
    });

  it('shows the tables behind a view', () => {
    const { tools } = planeOf(withCatalogue(JSON.stringify(snapshot)));
    expect(tools.ofCall('query', { sql: 'select * from orders' }).program?.reads).toEqual([
      'public.customers',
      'public.orders',
    ]);
  });

  it('that is none is a finding of the bundle', () => {
    expect(() => withCatalogue('{}')).toThrow('tools/catalogue');
  });
});
