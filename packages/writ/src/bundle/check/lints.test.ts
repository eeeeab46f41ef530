import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readBundleFrom } from '../bundle.js';
import { checkBundle } from './check.js';
import type { Finding } from './finding.js';
import { RULES } from './rules.js';

/** Each lint with a bundle that it is for, and its twin that is right: nothing is found in that. */

const BASE: Readonly<Record<string, string>> = {
  'writ.yaml': 'name: shop\n',
  'schema.cedarschema': `entity User = { level?: Long };
entity Agent;
entity Tool;
type Request = { action: String, policies: Set<String> };
action "approve" appliesTo { principal: [User], resource: [Tool], context: { request: Request } };
action read_file, write_file, send_mail, run_sql appliesTo {
  principal: [User, Agent], resource: [Tool],
  context: { input: { path?: String, query?: String, sql?: String, to?: String, amount?: Long, kind?: String } }
};`,
  'ledger.yaml': `accumulators:
  seen: { key: task, set: labels }
  done: { key: task, set: action }
  paid: { key: task, count: true }
`,
  'tools.yaml': `tools:
  read_file: { effects: [read], arguments: { path: { role: target, kind: path } }, result: [external, pii] }
  write_file: { effects: [write], arguments: { path: { role: target, kind: path }, query: content, sql: content, to: content, kind: content }, result: internal }
  send_mail: { effects: [egress], arguments: { to: destination, path: content, query: content, sql: content, kind: content }, result: internal }
  run_sql: { effects: [read], arguments: { sql: { role: target, kind: sql } }, result: { $: internal, $.card: { labels: [card-number] } } }
detect: { secret: secret }
`,
  'policies/all.cedar': `@id("all") permit (principal, action, resource);
@id("base") @requestable forbid (principal is Agent, action == Action::"send_mail", resource)
when { context.ledger.seen.contains("external") && context.ledger.done.contains("read_file") && context.ledger.paid > 5 };
`,
};

function findingsOf(files: Readonly<Record<string, string>>): readonly Finding[] {
  const texts = new Map(Object.entries({ ...BASE, ...files }));
  const { bundle, findings } = readBundleFrom({ root: '/', texts, version: 'sha256:0', unread: [] });
  return bundle === undefined ? findings : checkBundle(bundle);
}

const text = ({ severity, code, file, line, column, message, help }: Finding): string =>
  `${file}:${line}:${column} ${severity} ${code}: ${message} (${help})`;

const rule = (policy: string): Record<string, string> => ({ 'policies/more.cedar': `@id("more")\n${policy}` });
const when = (condition: string, head = 'forbid (principal is Agent, action == Action::"read_file", resource)') =>
  rule(`${head}\nwhen { ${condition} };`);
const file = (name: string, content: string): Record<string, string> => ({ [name]: content });
const test = (step: string): Record<string, string> =>
  file('tests/a.yaml', `tests:\n  - test: a\n    for: User::"ana"\n    steps:\n      - ${step}\n`);
const clients = (members: string, entities = '"ana"'): Record<string, string> => ({
  'writ.yaml': `name: shop\ngateway:\n  clients:\n    one: ${members}\n`,
  'entities/a.json': `[{ "uid": { "type": "User", "id": ${entities} }, "attrs": {}, "parents": [] }, { "uid": { "type": "Agent", "id": "bot" }, "attrs": {}, "parents": [] }]`,
});
/** `run_sql` with a program as its argument. */
const programs = (described: string, argument = 'sql'): Record<string, string> => ({
  'tools.yaml': (BASE['tools.yaml'] as string).replace(
    '{ sql: { role: target, kind: sql } }, result: { $: internal, $.card: { labels: [card-number] } }',
    `{ ${argument}: ${described} }, result: internal`,
  ),
});
const counted = (on: string): Record<string, string> =>
  file('ledger.yaml', (BASE['ledger.yaml'] ?? '').replace('count: true', `count: true, on: '${on}'`));
/** The action of the base policy counts in any case. */
const countedOnly = (action: string): Record<string, string> =>
  file(
    'ledger.yaml',
    (BASE['ledger.yaml'] ?? '').replace('set: action', `set: action, on: 'action in ["read_file", "${action}"]'`),
  );
const TASKS = file('tasks.yaml', 'default: usual\ntasks:\n  usual: { mandate: any }\n');

type Files = Record<string, string>;
/** The wrong files, the start of the finding, a part of its help, and the files that are right. */
const TWINS: readonly [wrong: Files, start: string, help: string, right: Files][] = [
  [
    when('context.ledger.seen.contains("PII")'),
    'policies/more.cedar:3:37 error policies/unknown-label: policy more: nothing gives the label PII',
    'did you mean pii?',
    when('context.ledger.seen.contains("pii")'),
  ],
  [
    when('context.ledger.seen.containsAny(["external", "card_number"])'),
    'policies/more.cedar:3:53 error policies/unknown-label: policy more: nothing gives the label card_number',
    'did you mean card-number?',
    when('context.ledger.seen.containsAny(["external", "roster"])'),
  ],
  [
    // Nobody writes a bundle for a label that nothing is near, and that nothing gives yet; but it is said.
    when('context.ledger.seen.contains("salary")'),
    'policies/more.cedar:3:37 warning policies/unknown-label: policy more: nothing gives the label salary',
    'tools.yaml',
    when('context.ledger.seen.contains("secret")'),
  ],
  [
    // Data of our own marks no task.
    when('context.ledger.seen.contains("internal")'),
    'policies/more.cedar:3:37 warning policies/unknown-label',
    '',
    when('context.ledger.seen.contains("restricted")'),
  ],
  [
    when('context.tool has content && context.tool.content.labels.containsAll(["pii", "salary"])'),
    'policies/more.cedar:3:84 warning policies/unknown-label',
    '',
    when('context.tool has content && context.tool.content.labels.containsAny(["pii", "salary"])'),
  ],
  [
    when('context.ledger.done.contains("raed_file") // "raed_file"'.replace(' // "raed_file"', '')),
    'policies/more.cedar:3:37 error policies/unknown-action: policy more: the schema has no action raed_file',
    'did you mean read_file?',
    when('context.ledger.done.contains("write_file")'),
  ],
  [
    when('context.request.action == "sendmail"', 'permit (principal, action == Action::"approve", resource)'),
    'policies/more.cedar:3:34 error policies/unknown-action',
    'did you mean send_mail?',
    when('context.request.action == "send_mail"', 'permit (principal, action == Action::"approve", resource)'),
  ],
  [
    when('!context.ledger.done.containsAny(["list_all_that_there_is"])'),
    'policies/more.cedar:3:42 warning policies/unknown-action',
    'declare the action',
    when('!context.ledger.done.containsAny(["send_mail", "list_all_that_there_is"])'),
  ],
  [
    programs('{ language: sql, tables: Tol }'),
    'tools.yaml:5:66 error tools/program-argument: run_sql: the schema does not let it be done to a Tol',
    'did you mean Tool?',
    programs('{ language: sql, tables: Tool }'),
  ],
  [
    programs('{ language: sql }', 'amount'),
    'tools.yaml:5:44 error tools/program-argument: run_sql: amount is a program, and a Long in the schema',
    'declare it as String',
    programs('{ language: sql }'),
  ],
  [
    {
      ...programs('{ language: sql }'),
      ...when(
        'context.program.statements.contains("delte")',
        'forbid (principal is Agent, action == Action::"run_sql", resource)',
      ),
    },
    'policies/more.cedar:3:44 error policies/unknown-word: policy more: context.program.statements never has delte',
    'did you mean delete?',
    {
      ...programs('{ language: sql }'),
      ...when(
        'context.program.statements.contains("delete")',
        'forbid (principal is Agent, action == Action::"run_sql", resource)',
      ),
    },
  ],
  [
    when('context.tool.effects.contains("egres")'),
    'policies/more.cedar:3:38 error policies/unknown-word: policy more: context.tool.effects never has egres',
    'did you mean egress?',
    when('context.tool.effects.contains("egress")'),
  ],
  [
    when('context.origins has path && context.origins.path.from.containsAny(["promt", "text"])'),
    'policies/more.cedar:3:75 error policies/unknown-word',
    'did you mean prompt?',
    when('context.origins has path && context.origins.path.from.containsAny(["prompt", "text"])'),
  ],
  [
    { ...when('context.mandate.kind == "usaul"'), ...TASKS },
    'policies/more.cedar:3:32 error policies/unknown-kind: policy more: tasks.yaml has no kind of task usaul',
    'did you mean usual?',
    { ...when('context.mandate.kind == "usual"'), ...TASKS },
  ],
  [
    when('!context.approvals.contains("bsae")'),
    'policies/more.cedar:3:36 error policies/unknown-policy: policy more: no policy bsae is @requestable',
    'did you mean base?',
    when('!context.approvals.contains("base")'),
  ],
  [
    when('!context.approvals.contains("all")'),
    'policies/more.cedar:3:36 warning policies/unknown-policy: policy more: no policy all is @requestable',
    '@requestable',
    when('!context.consents.contains("base")'),
  ],
  [
    rule('forbid (principal is Agent, action, resource == Tool::"send_mial");'),
    'policies/more.cedar:2:49 warning policies/unknown-tool: policy more: no tool is called send_mial',
    'did you mean send_mail?',
    rule('forbid (principal is Agent, action, resource == Tool::"send_mail");'),
  ],
  [
    when('resource == Tool::"raed_file" && context.input has path'),
    'policies/more.cedar:3:20 warning policies/unknown-tool',
    'did you mean read_file?',
    when('resource == Tool::"files" && context.input has path'),
  ],
  [
    rule('@stepup("urn:a:3")\nforbid (principal is Agent, action == Action::"read_file", resource);'),
    'policies/more.cedar:2:1 error policies/misspelt-annotation: policy more: @stepup means nothing here',
    'did you mean @stepUp?',
    rule('@ticket("shop-3")\nforbid (principal is Agent, action == Action::"read_file", resource);'),
  ],
  [
    rule('@obligation(" ")\npermit (principal is Agent, action == Action::"read_file", resource);'),
    'policies/more.cedar:2:1 error policies/annotation-value: policy more: @obligation names no obligation',
    'obligations.yaml',
    rule('permit (principal is Agent, action == Action::"read_file", resource);'),
  ],
  [
    rule('@highRisk("false")\npermit (principal is Agent, action == Action::"read_file", resource);'),
    'policies/more.cedar:2:1 warning policies/annotation-value: policy more: @highRisk has no value',
    'take it out',
    rule('@highRisk\npermit (principal is Agent, action == Action::"read_file", resource);'),
  ],
  [
    rule('@reason("")\nforbid (principal is Agent, action == Action::"read_file", resource);'),
    'policies/more.cedar:2:1 warning policies/annotation-value: policy more: @reason says nothing',
    '',
    rule('@reason("no files")\nforbid (principal is Agent, action == Action::"read_file", resource);'),
  ],
  [
    when('context.input has path && !(context.input.path like "/srv/*")'),
    'policies/more.cedar:3:60 warning policies/like-on-path: policy more: `like "/srv/*"` is no guard on the path context.input.path: `..` and other',
    'pathBelow',
    when('context.input has path && !(context.input.path like "/srv/*" && !(context.input.path like "*..*"))'),
  ],
  [
    when(
      'context.input has path && context.input.path like "*(scratch)*"',
      'permit (principal is Agent, action == Action::"write_file", resource)',
    ),
    'policies/more.cedar:3:58 warning policies/like-on-path',
    'withFolders',
    when(
      'context.input has path && context.input.path like "/scratch"',
      'permit (principal is Agent, action == Action::"write_file", resource)',
    ),
  ],
  [
    when(
      'context.input has sql && context.input.sql like "*delete*"',
      'forbid (principal is Agent, action == Action::"run_sql", resource)',
    ),
    'policies/more.cedar:3:56 warning policies/like-on-sql: policy more: `like "*delete*"` is no guard on the SQL of context.input.sql: case',
    '.contains(',
    when(
      'context.input has sql && !["select 1"].contains(context.input.sql)',
      'forbid (principal is Agent, action == Action::"run_sql", resource)',
    ),
  ],
  [
    rule('permit (principal is Tool, action == Action::"read_file", resource);'),
    'policies/more.cedar:1:1 warning policies/types: policy more: it never applies: no action is for this principal and resource',
    'read_file is for principals of User, Agent, and resources of Tool',
    rule('permit (principal is Agent, action == Action::"read_file", resource);'),
  ],
  [
    when('resource is Agent'),
    'policies/more.cedar:1:1 warning policies/types: policy more: it never applies: no request of the schema fits its conditions',
    'compare',
    when('resource is Tool'),
  ],
  [
    rule('forbid (principal is Agent, action in [Action::"raed_file"], resource);'),
    'policies/more.cedar:2:40 error policies/types: policy more: unrecognized action `Action::"raed_file"`',
    'did you mean `Action::"read_file"`?',
    rule('forbid (principal is Agent, action in [Action::"read_file"], resource);'),
  ],
  [
    when('context.input has path && context.input.path like "*/.ssh/*"'),
    'policies/more.cedar:3:58 warning policies/like-on-path',
    '',
    when('context.input has path && context.input.path like "*.exe"'),
  ],
  [
    // `query` is SQL, or words that are searched for.
    when('context.input has query && !(context.input.query like "SELECT *")'),
    'policies/more.cedar:3:62 warning policies/like-on-sql',
    '',
    when('context.input has query && !(context.input.query like "shoes *")'),
  ],
  [
    when('context.input has kind && context.input.kind == "a" && context.input.kind == "b"'),
    'policies/more.cedar:3:63 warning policies/contradiction: policy more: it never applies: what it asks of context.input.kind never holds',
    '.contains(',
    when('context.input has kind && (context.input.kind == "a" || context.input.kind == "b")'),
  ],
  [
    when('context.input has amount && context.input.amount > 100 && context.input.amount < 50'),
    'policies/more.cedar:3:66 warning policies/contradiction',
    '',
    when('context.input has amount && context.input.amount > 50 && context.input.amount < 100'),
  ],
  [
    rule(
      'forbid (principal is Agent, action, resource);\n@id("dead") permit (principal == Agent::"bot", action == Action::"read_file", resource);',
    ),
    'policies/more.cedar:3:1 warning policies/overridden: policy dead: it never permits anything, because more forbids all of it',
    'narrow more',
    rule(
      '@requestable\nforbid (principal is Agent, action, resource);\n@id("dead") permit (principal == Agent::"bot", action == Action::"read_file", resource);',
    ),
  ],
  [
    rule('permit (principal, action, resource);'),
    'policies/more.cedar:1:1 warning policies/duplicate: policy more: it says the same as all',
    '',
    rule('@highRisk permit (principal, action, resource);'),
  ],
  [
    when(
      'context.input has amount && context.input.amount > 5',
      '@stepUp("urn:a:3") forbid (principal is User, action == Action::"run_sql", resource)',
    ),
    'policies/more.cedar:2:1 warning policies/unreachable-step-up: policy more: @stepUp asks for a stronger proof, and the rule reads none',
    '@requestable',
    when(
      'principal has level && principal.level < 3',
      '@stepUp("urn:a:3") forbid (principal is User, action == Action::"run_sql", resource)',
    ),
  ],
  [
    rule('@stepUp("urn:a:3") forbid (principal is User, action == Action::"run_sql", resource);'),
    'policies/more.cedar:2:1 warning policies/unreachable-step-up',
    '@requestable',
    rule('@stepUp("urn:a:3") @requestable forbid (principal is User, action == Action::"run_sql", resource);'),
  ],
  [
    when(
      'context.provenance.assurance < 3',
      '@stepUp("urn:a:3") forbid (principal is User, action == Action::"run_sql", resource)',
    ),
    'policies/more.cedar:2:1 warning policies/unreachable-step-up: policy more: @stepUp asks for assurance 3, and everybody here has at most 1',
    'issuer',
    {
      ...when(
        'context.provenance.assurance < 3',
        '@stepUp("urn:a:3") forbid (principal is User, action == Action::"run_sql", resource)',
      ),
      'writ.yaml':
        'name: shop\nissuers:\n  https://a.example:\n    audience: a\n    jwks: https://a.example/keys\n    identity: { type: User, id: claims.sub }\n',
    },
  ],
  [
    // It is an action, and this accumulator never has it.
    { ...when('context.ledger.done.contains("send_mail")'), ...countedOnly('read_file') },
    'policies/more.cedar:3:37 warning policies/unknown-action: policy more: context.ledger.done never has send_mail',
    'or count it',
    { ...when('context.ledger.done.contains("send_mail")'), ...countedOnly('send_mail') },
  ],
  ...(
    [
      ['"egres" in effects', '"egress" in effects', 'error ledger/unknown-word: paid: `on` names egres', 39],
      ['action != "raed_file"', 'action != "read_file"', 'error ledger/unknown-action: paid: `on` names raed_file', 50],
      ['"flying" in effects', '"money" in effects', 'warning ledger/unknown-word: paid: `on` names flying', 39],
      ['kind == "usaul"', 'kind in ["usual", ""]', 'error ledger/unknown-word: paid: `on` names usaul', 48],
    ] as const
  ).map(([wrong, right, start, column]): (typeof TWINS)[number] => [
    { ...TASKS, ...counted(wrong) },
    `ledger.yaml:4:${column} ${start}`,
    '',
    { ...TASKS, ...counted(right) },
  ]),
  [
    clients(`{ agent: 'Agent::"bto"', for: 'User::"ana"' }`),
    'writ.yaml:4:19 warning settings/unknown-agent: the client one: no file in entities/ has Agent::"bto"',
    'did you mean Agent::"bot"?',
    clients(`{ agent: 'Agent::"bot"', for: 'User::"ana"' }`),
  ],
  [
    clients(`{ agent: 'Robot::"bot"', for: 'User::"ana"' }`),
    'writ.yaml:4:19 warning settings/unknown-agent: the client one: the schema has no entity type Robot',
    'declare the type',
    clients(`{ agent: 'Agent::"bot"', for: 'User::"lena"' }`, '"lena"'),
  ],
  [
    file(
      'mappings/a.yaml',
      'server: files\ntools:\n  raed_file: { evaluation: { resource: { type: Tool, id: x } } }\n',
    ),
    'mappings/a.yaml:3:3 warning mappings/unknown-action: raed_file: the schema has no action raed_file',
    'did you mean read_file?',
    file(
      'mappings/a.yaml',
      'server: files\ntools:\n  read_file: { evaluation: { resource: { type: Tool, id: x } } }\n',
    ),
  ],
  [
    file(
      'mappings/a.yaml',
      'server: files\ntools:\n  look: { evaluation: { action: { name: raed_file }, resource: { type: Tool, id: x } } }\n',
    ),
    'mappings/a.yaml:3:3 warning mappings/unknown-action: look: the schema has no action raed_file',
    'did you mean read_file?',
    file(
      'mappings/a.yaml',
      'server: files\ntools:\n  look: { evaluation: { action: { name: "${params.name}" }, resource: { type: Tool, id: x } } }\n'.replace(
        '${params.name}',
        '$params.name',
      ),
    ),
  ],
  [
    test('{ call: raed_file, input: {}, expect: deny }'),
    'tests/a.yaml:5:17 warning tests/unknown-action: the schema has no action raed_file, so it is denied whatever',
    'did you mean read_file?',
    test('{ call: read_file, input: {}, expect: deny }'),
  ],
  [
    test(
      '{ request: { subject: { type: User, id: a }, action: { name: read_file }, resource: { type: Tol, id: a } }, expect: deny }',
    ),
    'tests/a.yaml:5:101 warning tests/unknown-action: the schema has no entity type Tol',
    'did you mean Tool?',
    test(
      '{ request: { subject: { type: User, id: a }, action: { name: read_file }, resource: { type: Tool, id: a } }, expect: deny }',
    ),
  ],
  [
    test('{ call: run_sql, input: { qury: x }, expect: deny }'),
    'tests/a.yaml:5:35 warning tests/unknown-input: run_sql has no argument qury, so the call is denied for that alone',
    'did you mean query?',
    test('{ call: run_sql, input: { query: x }, expect: deny }'),
  ],
  [
    test(
      '{ request: { subject: { type: User, id: a }, action: { name: run_sql }, resource: { type: Tool, id: a }, context: { input: { qury: x } } }, expect: allow }',
    ),
    'tests/a.yaml:5:134 warning tests/unknown-input',
    'did you mean query?',
    // A test of the denial itself.
    test('{ call: run_sql, input: { qury: x }, expect: deny, because: [] }'),
  ],
];

const HTTP_SCHEMA = {
  'schema.cedarschema': `${BASE['schema.cedarschema']}
action "listOrders" appliesTo { principal: [User], resource: [Tool] };`,
};
const service = (more: string, document = 'get: { operationId: listOrders }'): Record<string, string> => ({
  ...HTTP_SCHEMA,
  'writ.yaml': `name: shop
http:
  services:
    shop: { upstream: "http://127.0.0.1:1", hosts: [shop.example], openapi: openapi/shop.yaml${more} }
`,
  'openapi/shop.yaml': `openapi: 3.1.0\npaths:\n  /orders:\n    ${document}\n`,
});
const fronted = (more: string): Files => {
  const body = `requestBody: { content: { application/json: {} } }${more}`;
  const files = service('', `post: { operationId: listOrders, ${body} }`);
  return { ...files, 'writ.yaml': `${files['writ.yaml']}  fronts: { edge: { profile: nginx, services: [shop] } }\n` };
};
const WITH_QUERY =
  'get: { operationId: listOrders, parameters: [{ name: page, in: query, schema: { type: string } }] }';
const schemaWith = (context: string): Files => ({
  'schema.cedarschema': `${BASE['schema.cedarschema']}
action "listOrders" appliesTo { principal: [User], resource: [Tool], ${context} };`,
});
const mapped = (text: string) => ({ ...service(''), 'mappings/shop.yaml': text });
const ORDER = '{ evaluation: { resource: { type: Order, id: x } } }';
const declared = (id: string) =>
  service(
    '',
    `get: { operationId: listOrders, x-authzen-mapping: { evaluation: { resource: { type: Order, id: ${id} } } } }`,
  );

const HTTP_TWINS: readonly (readonly [files: Files, start: string, help: string, right: Files])[] = [
  [
    service(', passThrough: [GET /healthz]'),
    'writ.yaml:4:110 warning http/pass-through: shop: GET /healthz is forwarded without a decision',
    'if that is meant',
    service(''),
  ],
  [
    service(', preflight: pass'),
    'writ.yaml:4:107 warning http/pass-through: shop: CORS preflights',
    'if that is meant',
    service(', preflight: refuse'),
  ],
  [
    service('', 'get: { operationId: listOrders, parameters: [{ name: sid, in: cookie, schema: { type: string } }] }'),
    'writ.yaml:4:68 warning http/left-out: shop: ',
    'nothing of it reaches the service',
    service(''),
  ],
  [
    service('', 'get: { operationId: listOrder }'),
    'writ.yaml:4:5 warning http/unknown-action: shop: the schema has no action for "listOrder"',
    'declare the actions',
    service(''),
  ],
  [
    mapped(`service: shpo\noperations: { listOrders: ${ORDER} }\n`),
    'mappings/shop.yaml:1:10 warning http/unknown-operation: the mapping names the service shpo',
    'did you mean shop?',
    mapped(`service: shop\noperations: { listOrders: ${ORDER} }\n`),
  ],
  [
    mapped(`service: shop\noperations: { listOrder: ${ORDER} }\n`),
    'mappings/shop.yaml:2:15 warning http/unknown-operation: shop has no operation listOrder',
    'did you mean listOrders?',
    mapped(`service: shop\noperations: { listOrders: ${ORDER} }\n`),
  ],
  [
    fronted(''),
    'writ.yaml:5:48 warning http/unseen-body: edge sends no bodies along, so that shop has operations that are refused with one: listOrders',
    'x-writ-body: opaque',
    fronted(', x-writ-body: opaque'),
  ],
  [
    service('', WITH_QUERY),
    'schema.cedarschema:10:9 warning http/missing-input: "listOrders": its context has no `input`, and every',
    'declare `input` as `writ bundle schema --openapi` writes it',
    { ...service('', WITH_QUERY), ...schemaWith('context: { input: { query: { page?: String } } }') },
  ],
  [
    { ...service('', WITH_QUERY), ...schemaWith('context: { input: { path_params: { id: String } } }') },
    'schema.cedarschema:10:9 warning http/missing-input: "listOrders": the `input` of its context has no query, and every request of GET /orders (shop) has query',
    'all of them are denied',
    { ...service('', WITH_QUERY), ...schemaWith('context: { input: { query: { page?: String } } }') },
  ],
  [
    declared('"$request.path_params["'),
    'openapi/shop.yaml:4:37 error http/mapping: listOrders: ',
    '',
    declared('"$request.path"'),
  ],
];

const overTls = (tls: string): Files => {
  const files = service(`, tls: ${tls}`);
  return { ...files, 'writ.yaml': (files['writ.yaml'] ?? '').replace('http://', 'https://') };
};
const withoutTls = service('');
const TLS_TWINS: readonly (readonly [files: Files, start: string, help: string, right: Files])[] = [
  [overTls('{ ca: tls/none.pem }'), 'writ.yaml:4:108 error http/upstream-tls: ', 'put a PEM file there', withoutTls],
  [
    overTls('{ cert: /none/a.pem, key: /none/b.pem }'),
    'writ.yaml:4:110 warning http/upstream-tls: /none/a.pem cannot be read',
    'where the file is not mounted',
    withoutTls,
  ],
];

const tunnels = (more: string, schema = 'action connect appliesTo { principal: [User], resource: [Host] };') => ({
  'schema.cedarschema': `${BASE['schema.cedarschema']}\nentity Host { port?: Long }; ${schema}`,
  'writ.yaml': `name: shop\nhttp: { egress: { ${more} } }\n`,
});
const EGRESS_TWINS: readonly (readonly [files: Files, start: string, help: string, right: Files])[] = [
  [
    tunnels('private: [10.0.0.5]'),
    'writ.yaml:2:29 warning http/private-address: tunnels may lead to 10.0.0.5',
    'if that is meant',
    tunnels(''),
  ],
  [
    tunnels('', ''),
    'writ.yaml:2:9 warning http/no-connect-action: the schema has no action connect on a Host',
    'declare them',
    tunnels(''),
  ],
];

const SERVER = { 'writ.yaml': 'name: shop\ngateway: { servers: { files: { command: files } } }\n' };
const withServer = (files: Files): Files => ('mappings/a.yaml' in files ? { ...SERVER, ...files } : files);

describe('the lints of writ check', () => {
  it('find nothing in the bundle that the twins are made from', () => {
    expect(findingsOf({}).map(text)).toEqual([]);
  });

  it.each(
    [...TWINS, ...HTTP_TWINS, ...TLS_TWINS, ...EGRESS_TWINS].map(
      ([wrong, start, help, right], index) => [index, start, help, wrong, right] as const,
    ),
  )('%i: %s', (_index, start, help, wrong, right) => {
    const found = findingsOf(withServer(wrong)).map(text);
    expect(found.map((one) => one.slice(0, start.length))).toEqual([start]);
    expect(found[0]).toContain(help);
    expect(findingsOf(withServer(right)).map(text)).toEqual([]);
  });

  it('are all in docs/lints.md, as every code of a finding is', () => {
    const source = fileURLToPath(new URL('../../', import.meta.url));
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(source, name), 'utf8'))
      .filter((content) => /Finding|Rule\b/.test(content));
    const codes = new Set(
      files.flatMap((content) =>
        Array.from(content.matchAll(/(?:code: |of\(|cedar\(|UNUSED = )'([a-z]+\/[a-z-]+)'/g), ([, code = '']) => code),
      ),
    );
    const page = readFileSync(new URL('../../../../../docs/lints.md', import.meta.url), 'utf8');
    expect(codes.size).toBeGreaterThan(80);
    expect([...codes].filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });

  it('are of rules that there are', () => {
    const codes = new Set(RULES.map(({ code }) => code));
    const shown = [...TWINS, ...HTTP_TWINS, ...TLS_TWINS, ...EGRESS_TWINS].map(
      ([, start]) => /(?:error|warning) ([a-z/-]+)/.exec(start)?.[1] ?? '',
    );
    expect(shown.filter((code) => !codes.has(code))).toEqual([]);
  });
});
