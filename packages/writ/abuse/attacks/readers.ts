import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unless } from '../alive.js';
import type { Attack, Held } from '../attack.js';
import type { Files } from '../bundles.js';
import { ran } from '../processes.js';
import type { World } from '../world.js';

/** A reader passes something over: a rule, a condition or a fact is lost, and `writ check` says that all is well. */

const KIND = 'readers';

const READ = '@id("read") permit (principal, action == Action::"read", resource);';
const BASE: Files = {
  'writ.yaml': 'name: readers\ncallers: { default: {} }\n',
  'schema.cedarschema': `entity User { blocked?: Bool };
entity Doc;
entity Env enum ["dev", "staging"];
action read, pay appliesTo { principal: [User], resource: [Doc] };
action deploy appliesTo { principal: [User], resource: [Env] };
`,
  'policies/all.cedar': `${READ}
@id("deploy") permit (principal, action == Action::"deploy", resource);
@id("blocked") forbid (principal, action, resource) when { principal has blocked && principal.blocked };
`,
  'entities/ana.json': '[{"uid":{"type":"User","id":"ana"},"attrs":{"blocked":false},"parents":[]}]',
};
const ASKED = { subject: { type: 'User', id: 'ana' }, action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };

/** Returns the findings of `writ check`; undefined if it has none. */
async function checked(world: World, folder: string): Promise<string | undefined> {
  const { code, out } = await world.writ('check', folder);
  return code === 0 && /\b0 errors, 0 warnings/.test(out) ? undefined : out;
}

async function allows(world: World, folder: string, asked: object = ASKED): Promise<boolean> {
  const request = join(world.folder('request'), 'request.json');
  writeFileSync(request, JSON.stringify(asked));
  const { code, out } = await world.writ('bundle', 'decide', folder, request);
  return code === 0 && /allow/.test(out);
}

/** Says why the honest bundle is not permitted, or not silent. Many cases have the same one. */
function honestly(world: World, files: Files, asked: object = ASKED): Promise<Held> {
  return world.shared.once(JSON.stringify([files, asked]), async () => {
    const folder = world.bundle({ ...BASE, ...files });
    const said = await checked(world, folder);
    if (said !== undefined) return `\`writ check\` says: ${said.slice(0, 300)}`;
    return unless(await allows(world, folder, asked), () => 'it was denied');
  });
}

interface Case {
  readonly name: string;
  readonly finding: string;
  readonly files?: Files;
  readonly asked?: object;
  /** The files of the honest bundle, which is permitted, and of which `writ check` has nothing to say. */
  readonly honest?: Files;
  readonly honestAsked?: object;
  /** Held if it is denied or noticed; or only if it is denied; or only if it is noticed. */
  readonly by?: 'denied' | 'noticed';
  readonly sample?: boolean;
}

const more = (text: string): Files => ({ 'policies/more.cedar': text });
const STOP = '@id("stop") forbid (principal, action, resource);';
const HEAD = '@id("more")';

const CASES: readonly Case[] = [
  {
    name: 'a forbid after a comment that CR ends',
    finding: 'cr-comment',
    files: more(`${HEAD} permit (principal, action == Action::"pay", resource); // a note\r${STOP}`),
    honest: more(`${HEAD} permit (principal, action == Action::"pay", resource); // a note, forbid\n`),
    by: 'denied',
    sample: true,
  },
  {
    name: 'a condition after a comment that CR ends',
    finding: 'cr-comment',
    files: more(`${HEAD} permit (principal, action == Action::"pay", resource) // a note\rwhen { false };\n;`),
    asked: { ...ASKED, action: { name: 'pay' } },
    honest: more(`${HEAD} permit (principal, action == Action::"pay", resource) // when { false }\n;`),
    honestAsked: { ...ASKED, action: { name: 'pay' } },
    by: 'denied',
  },
  {
    name: 'a fact under attr instead of attrs',
    finding: 'entity-members',
    files: {
      'entities/ana.json': '[{"uid":{"type":"User","id":"ana"},"attr":{"blocked":true},"attrs":{},"parents":[]}]',
    },
  },
  {
    name: 'a fact under Attrs',
    finding: 'entity-members',
    files: { 'entities/ana.json': '[{"uid":{"type":"User","id":"ana"},"Attrs":{"blocked":true},"parents":[]}]' },
  },
  {
    name: 'a fact given twice',
    finding: 'entity-members',
    files: {
      'entities/ana.json': '[{"uid":{"type":"User","id":"ana"},"attrs":{"blocked":true,"blocked":false},"parents":[]}]',
    },
  },
  {
    name: 'a policy in FREEZE.CEDAR',
    finding: 'ignored-files',
    files: { 'policies/FREEZE.CEDAR': STOP },
    sample: true,
  },
  { name: 'a policy in freeze.cedar.txt', finding: 'ignored-files', files: { 'policies/freeze.cedar.txt': STOP } },
  { name: 'policies in the folder policy', finding: 'ignored-files', files: { 'policy/freeze.cedar': STOP } },
  { name: 'facts in the folder entity', finding: 'ignored-files', files: { 'entity/ana.json': '[]' } },
  { name: 'tools.yml', finding: 'ignored-files', files: { 'tools.yml': 'tools: {}\n' } },
  { name: 'Ledger.yaml', finding: 'ignored-files', files: { 'Ledger.yaml': 'accumulators: {}\n' } },
  ...['@obligatons("x")', '@Requestable("x")', '@step_up("x")', '@highrisk', '@Obligation("x")'].map(
    (annotation): Case => ({
      name: `the annotation ${annotation}`,
      finding: 'annotation-typos',
      files: more(`@id("a") ${annotation} permit (principal, action == Action::"pay", resource);`),
      honest: more('@id("a") @team("billing") permit (principal, action == Action::"pay", resource);'),
      by: 'noticed',
      sample: annotation === '@highrisk',
    }),
  ),
  {
    name: 'an id that the enumeration does not have',
    finding: 'enum-id',
    asked: { ...ASKED, action: { name: 'deploy' }, resource: { type: 'Env', id: 'prod' } },
    honestAsked: { ...ASKED, action: { name: 'deploy' }, resource: { type: 'Env', id: 'dev' } },
    by: 'denied',
    sample: true,
  },
  {
    name: 'an id of an enumeration with a space',
    finding: 'enum-id',
    asked: { ...ASKED, action: { name: 'deploy' }, resource: { type: 'Env', id: 'dev ' } },
    honestAsked: { ...ASKED, action: { name: 'deploy' }, resource: { type: 'Env', id: 'staging' } },
    by: 'denied',
  },
  {
    name: 'two policies with one id',
    finding: 'json-policy-members',
    files: more('@id("read") forbid (principal, action, resource);'),
  },
  { name: 'a key of writ.yaml given twice', finding: 'ignored-files', files: { 'writ.yaml': 'name: a\nname: b\n' } },
  { name: 'an unknown key of writ.yaml', finding: 'ignored-files', files: { 'writ.yaml': 'name: a\ncaller: {}\n' } },
  {
    name: 'a policy with a character that nobody sees in an id',
    finding: 'enum-id',
    files: more('@id("x") forbid (principal, action == Action::"re\u200bad", resource);'),
    by: 'noticed',
  },
];

const cases = CASES.map(
  ({ name, finding, files = {}, asked, honest = {}, honestAsked, by, sample = false }): Attack => ({
    kind: KIND,
    name,
    finding,
    sample,
    async attack(world) {
      const folder = world.bundle({ ...BASE, ...files });
      if (by !== 'denied' && (await checked(world, folder)) !== undefined) return undefined;
      if (by === 'noticed') return '`writ check` is silent';
      return unless(!(await allows(world, folder, asked)), () => 'it is permitted, and nothing was said');
    },
    twin: (world) => honestly(world, honest, honestAsked),
  }),
);

/** With a byte order mark, as some editors write it: it is read, or named. */
const marks = ['schema.cedarschema', 'entities/ana.json', 'policies/all.cedar', 'writ.yaml'].map(
  (file): Attack => ({
    kind: KIND,
    name: `a byte order mark in ${file}`,
    finding: 'bom',
    async attack(world) {
      const folder = world.bundle({ ...BASE, [file]: `\ufeff${String(BASE[file])}` });
      const said = await checked(world, folder);
      if (said !== undefined)
        return unless(/byte order mark|BOM/i.test(said), () => `not named: ${said.slice(0, 200)}`);
      return unless(await allows(world, folder), () => 'it was read as something else');
    },
    twin: (world) => honestly(world, {}),
  }),
);

const POLICY = { effect: 'permit', principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } };
const WHEN_FALSE = [{ kind: 'when', body: { Value: false } }];
const JSON_POLICIES: Readonly<Record<string, object>> = {
  'condition for conditions': { ...POLICY, condition: WHEN_FALSE },
  'no conditions': POLICY,
  'In for in': {
    ...POLICY,
    conditions: [],
    principal: { op: 'is', entity_type: 'U', In: { entity: { type: 'G', id: 'g' } } },
  },
  'an unknown member of a condition': {
    ...POLICY,
    conditions: [{ ...WHEN_FALSE[0], body: { Value: true }, unless: {} }],
  },
  'an unknown member of the scope': { ...POLICY, conditions: [], resource: { op: 'All', is: 'Secret' } },
};

/** Decides by a policy of Cedar's JSON format, with the package of the checkout that is attacked. */
async function decideJson(world: World, policy: object): Promise<string> {
  const cedar = pathToFileURL(join(world.root, 'packages/cedar/dist/src/index.js')).href;
  const request = {
    principal: { type: 'U', id: 'a' },
    action: { type: 'Action', id: 'x' },
    resource: { type: 'R', id: 'r' },
  };
  const script = `import { compile, Entities } from ${JSON.stringify(cedar)};
const set = compile({ policies: { staticPolicies: { p: ${JSON.stringify(policy)} } } });
console.log(set.isAuthorized({ ...${JSON.stringify(request)}, context: {} }, Entities.fromJson([])).decision);`;
  const { code, out } = await ran(process.execPath, ['--input-type=module', '-e', script]);
  return code === 0 ? out.trim() : 'refused';
}

const json = Object.entries(JSON_POLICIES).map(
  ([what, policy]): Attack => ({
    kind: KIND,
    name: `a JSON policy with ${what}`,
    finding: 'json-policy-members',
    async attack(world) {
      const said = await decideJson(world, policy);
      return unless(said !== 'allow', () => 'the policy permits');
    },
    async twin(world) {
      const said = await decideJson(world, { ...POLICY, conditions: [{ kind: 'when', body: { Value: true } }] });
      return unless(said === 'allow', () => `the policy without it: ${said}`);
    },
  }),
);

async function install(world: World, text: string): Promise<{ code: unknown; out: string; after: string }> {
  const file = join(world.folder('client'), 'mcp.json');
  writeFileSync(file, text);
  const service = await world.plain();
  const who = [
    '--for',
    'User::"ana"',
    '--agent',
    'Agent::"bot"',
    '--key-file',
    service.keyFile(),
    '--service',
    service.url,
  ];
  const { code, out } = await world.writ('guard', 'install', '--config', file, ...who);
  return { code, out, after: readFileSync(file, 'utf8') };
}

const CONFIGS: Readonly<Record<string, string>> = {
  'a server given twice': '{"mcpServers":{"a":{"command":"x"},"a":{"command":"y"}}}',
  'a command given twice': '{"mcpServers":{"a":{"command":"x","command":"y"}}}',
  'all servers given twice': '{"mcpServers":{"a":{"command":"x"}},"mcpServers":{"b":{"command":"y"}}}',
  'a server given twice, once with an escape': '{"mcpServers":{"a":{"command":"x"},"\\u0061":{"command":"y"}}}',
};

const installs = Object.entries(CONFIGS).map(
  ([what, text]): Attack => ({
    kind: KIND,
    name: `guard install: ${what}`,
    finding: 'install-duplicate-key',
    async attack(world) {
      const { code, after } = await install(world, text);
      const isSo: Held =
        after === text && code !== 0 ? undefined : `exit code ${code}, the file is now ${after.slice(0, 200)}`;
      return isSo;
    },
    async twin(world) {
      const { out, after } = await install(world, '{"mcpServers":{"a":{"command":"x"},"b":{"command":"y"}}}');
      return unless(after.split('"guard"').length === 3, () => `not both are guarded: ${out}`);
    },
  }),
);

export const READERS: readonly Attack[] = [...cases, ...marks, ...json, ...installs];
