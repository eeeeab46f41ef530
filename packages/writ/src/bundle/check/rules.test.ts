import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readBundleFrom } from '../bundle.js';
import type { Unread } from '../folder.js';
import { checkBundle } from './check.js';
import type { Finding } from './finding.js';
import { RULES } from './rules.js';

/** A bundle that nothing is found in. */
const GOOD: Readonly<Record<string, string>> = {
  'writ.yaml': 'name: shop\n',
  'schema.cedarschema': `entity User = { clearance?: Long };
entity Order;
// ledger: { refunded: Long } is counted in ledger.yaml
action refund, approve appliesTo {
  principal: [User],
  resource: [Order],
  context: { input: { amount: Long, to?: String }, ledger: { refunded: Long } }
};`,
  'ledger.yaml': `accumulators:
  refunded:
    key: task
    sum: input.amount
    on: action == "refund"
`,
  'policies/all.cedar': `@id("all")
permit (principal, action, resource)
when { context.ledger.refunded <= 500 };
`,
};

function findingsOf(files: Readonly<Record<string, string>>, unread: readonly Unread[] = []): readonly Finding[] {
  const texts = new Map(Object.entries({ ...GOOD, ...files }).filter(([, text]) => text !== '-'));
  const { bundle, findings } = readBundleFrom({ root: '/', texts, version: 'sha256:0', unread });
  return bundle === undefined ? findings : checkBundle(bundle);
}

const text = ({ severity, code, file, line, column, message }: Finding): string =>
  `${file}:${line}:${column} ${severity} ${code}: ${message}`;

const policy = (annotations: string, effect = 'permit'): Record<string, string> => ({
  // A forbid of everything would leave nothing for the permit of the good bundle.
  'policies/more.cedar': `// more\n@id("more")\n${annotations}\n${effect} (principal, action, resource${effect === 'forbid' ? ' == Order::"o-1"' : ''});`,
});
const ledger = (declared: string): Record<string, string> => ({
  'ledger.yaml': `${GOOD['ledger.yaml']}  other:\n${declared}`,
});
const reading = (name: string): Record<string, string> => ({
  'policies/read.cedar': `@id("read") forbid (principal, action, resource) when { context has ledger && context.ledger has ${name} };`,
  'schema.cedarschema': (GOOD['schema.cedarschema'] ?? '').replace(
    'refunded: Long } }',
    `refunded: Long, ${name}?: Long } }`,
  ),
});

/** A bad bundle for each rule, and for each way in which a file cannot be read. */
const TABLE: readonly [files: Record<string, string>, expected: readonly string[]][] = [
  // Files that cannot be read.
  [{ 'writ.yaml': 'name: [\n' }, ['writ.yaml:1:7 error yaml/syntax: this [ is not closed']],
  [
    { 'writ.yaml': 'name: shop\ntokens:\n  lifetime: 5m\n' },
    ['writ.yaml:2:1 error yaml/shape: tokens needs trustDomain, for example shop.example'],
  ],
  [{ 'writ.yaml': 'name: shop\nnmae: x\n' }, ['writ.yaml:2:1 error yaml/shape: there is no member nmae']],
  [
    { 'writ.yaml': 'name: shop\ndelegation: all\n' },
    ['writ.yaml:2:13 error yaml/shape: delegation: it must be one of path, actor'],
  ],
  [{ 'writ.yaml': 'delegation: path\n' }, ['writ.yaml:1:1 error yaml/shape: the file needs name']],
  [
    { 'tools.yaml': 'tools:\n  refund:\n    effects: []\n' },
    ['tools.yaml:3:14 error yaml/shape: tools.refund.effects: it must have at least 1 item'],
  ],
  [
    { 'tools.yaml': 'tools:\n  refund:\n    effects: [read]\n    result: { integrity: low }\n' },
    [
      'tools.yaml:4:26 error yaml/shape: tools.refund.result.integrity: it must be one of external, attested, internal, system',
    ],
  ],
  [{ 'entities/a.json': '[\n  {"uid": 1},\n]' }, ['entities/a.json:3:1 error entities/syntax: expected a JSON value']],
  [{ 'entities/a.json': '{}' }, ['entities/a.json:1:1 error entities/no-list: the file is not a list of entities']],
  [{ 'schema.cedarschema': '-' }, ['schema.cedarschema:1:1 error schema/missing: the bundle has no schema']],
  [
    { 'schema.cedarschema': 'entity User;\nentity Order = { owner: Usr };' },
    ['schema.cedarschema:2:25 error schema/syntax: failed to resolve type: Usr'],
  ],
  [{ 'policies/all.cedar': '-' }, ['policies:1:1 error policies/none: the bundle has no policy']],
  [
    { 'policies/more.cedar': '@id("more")\npermit (principal, action, resource) when ( true );' },
    ['policies/more.cedar:2:43 error policies/syntax: unexpected token `(`'],
  ],
  [
    { 'policies/more.cedar': 'permit (principal, action, resource)\nwhen { context.input.amont > 1 };' },
    [
      'policies/more.cedar:1:1 error policies/no-id: this policy has no @id',
      'policies/more.cedar:2:8 error policies/types: this policy: attribute `input.amont` in context for 2 actions (approve, refund) not found',
    ],
  ],
  [
    { 'policies/more.cedar': '\n@id("all")\npermit (principal, action, resource);' },
    ['policies/more.cedar:2:1 error policies/same-id: the id `all` is already that of a policy in policies/all.cedar'],
  ],
  [
    { 'service/a.cedar': '@id("a")\npermit (principal, action, resource' },
    ['service/a.cedar:2:36 error service/syntax: unexpected end of input'],
  ],
  [
    { 'service/a.cedar': '\n@id("writ:a")\npermit (principal, action, resource);' },
    ['service/a.cedar:2:6 error service/invalid: the id `writ:a` begins with writ:'],
  ],
  [
    {
      'ledger.yaml':
        'accumulators:\n  a: { key: task, count: true, on: \'action == "x" }\n  b: { key: task, count: true }\n',
    },
    ["ledger.yaml:2:36 error yaml/syntax: this ' is not closed"],
  ],
  [
    {
      'ledger.yaml': `accumulators\n${Array.from({ length: 24 }, (_, i) => `  a${i}: { key: task, count: true }\n`).join('')}`,
    },
    ['ledger.yaml:1:1 error yaml/syntax: this key has no `: `, or the lines below it are indented too far'],
  ],
  [
    { 'ledger.yaml': 'accumulators: {}\naccumulators: {}\naccumulators: {}\n' },
    [
      'ledger.yaml:2:1 error yaml/syntax: the key accumulators stands here a second time',
      'ledger.yaml:3:1 error yaml/syntax: the key accumulators stands here a second time',
    ],
  ],
  // Rules.
  [
    {
      'schema.cedarschema': (GOOD['schema.cedarschema'] ?? '').replace(
        ', ledger: {',
        ', mandate?: { covers: String }, tool: { authority: Long, trust: Long, colour?: Long }, ledger: {',
      ),
    },
    [
      'schema.cedarschema:7:64 error schema/provided-type: the context of approve and 1 more has mandate.covers: Writ provides it as Bool',
      'schema.cedarschema:7:107 error schema/provided-type: the context of approve and 1 more has tool.trust: Writ does not provide it, so no request has it',
    ],
  ],
  [
    { 'service/a.cedar': '@id("a")\npermit (principal, action, resource)\nwhen { principal.nme == "x" };' },
    ['service/a.cedar:3:8 error service/types'],
  ],
  [
    { 'policies/more.cedar': '@id("more")\npermit (principal, action, resource)\nwhen { principal.grade > 1 };' },
    ['policies/more.cedar:3:8 error policies/types'],
  ],
  [
    {
      'entities/a.json': '[]',
      'entities/b.json':
        '[\n  { "uid": { "type": "User", "id": "a" }, "attrs": {}, "parents": [] },\n  { "uid": { "type": "Robot", "id": "b" }, "attrs": {}, "parents": [] }\n]',
    },
    ['entities/b.json:3:3 error entities/types'],
  ],
  [
    policy('@obligation("audit")'),
    ['policies/more.cedar:3:1 error policies/undeclared-obligation: policy more: the obligation audit is not declared'],
  ],
  [
    policy('@highRisk', 'forbid'),
    ['policies/more.cedar:3:1 error policies/misplaced-annotation: policy more: @highRisk stands on a forbid'],
  ],
  [
    policy('@obligatons("audit")'),
    ['policies/more.cedar:3:1 warning policies/misspelt-annotation: policy more: @obligatons means nothing here'],
  ],
  [
    policy('@stepUp("")', 'forbid'),
    ['policies/more.cedar:3:1 error policies/empty-step-up: policy more: @stepUp names no acr value'],
  ],
  [
    {
      ...policy('@requestable', 'forbid'),
      'schema.cedarschema': (GOOD['schema.cedarschema'] ?? '').replace(', approve', ''),
    },
    [
      'policies/more.cedar:3:1 warning policies/unapprovable-request: policy more: it can be asked for, and nobody can approve it',
    ],
  ],
  [
    policy('@requestable("money")', 'forbid'),
    ['policies/more.cedar:3:1 warning policies/unknown-template: policy more: access.yaml has no template money'],
  ],
  [
    { 'obligations.yaml': 'obligations:\n  audit: { type: log }\n' },
    ['obligations.yaml:2:3 warning obligations/unused: no policy asks for the obligation audit'],
  ],
  [
    { 'mappings/a.yaml': '# a\nserver: desk\ntools: {}\n' },
    [
      'mappings/a.yaml:2:9 warning mappings/unknown-server: the mapping names the server desk, which writ.yaml does not have',
    ],
  ],
  [
    {
      'writ.yaml': `name: t\ngateway: { clients: { c: { agent: 'User::"a"', for: 'User::"u"', task: z } } }`,
      'tasks.yaml': 'default: x\ntasks:\n  x: { mandate: any }\n',
    },
    [
      'writ.yaml:2:72 error tasks/unknown-kind: the tasks of the client c are of the kind z, which tasks.yaml does not have',
    ],
  ],
  [
    // A kind that a client begins needs no action.
    {
      'writ.yaml': `name: t\ngateway: { clients: { c: { agent: 'User::"a"', for: 'User::"u"', task: y } } }`,
      'tasks.yaml': 'default: x\ntasks:\n  x: { mandate: any }\n  y: { mandate: any }\n',
    },
    [],
  ],
  [
    { 'tasks.yaml': 'default: x\ntasks:\n  x: { mandate: any }\n  y: { mandate: any }\n' },
    [
      'tasks.yaml:4:3 error tasks/no-start-action: the schema has no action start_task, so no task of the kind y can be started',
    ],
  ],
  [
    { 'tasks.yaml': 'default: x\ntasks:\n  x: { mandate: [{ actions: [refund, fly] }] }\n' },
    ['tasks.yaml:3:38 warning tasks/unknown-action: x: fly is not an action of the schema'],
  ],
  [
    { 'ledger.yaml': '-' },
    [
      'schema.cedarschema:7:62 error ledger/undeclared-accumulator: the context of approve and 1 more has ledger.refunded, and ledger.yaml has no such accumulator',
    ],
  ],
  [
    { 'ledger.yaml': 'accumulators: { refunded: { key: task, set: action } }' },
    [
      'schema.cedarschema:7:62 error ledger/accumulator-type: the context of approve and 1 more has ledger.refunded as another type than the accumulator is',
    ],
  ],
  [
    { ...reading('other'), ...ledger('    key: task\n    sum: input.\n') },
    [
      'ledger.yaml:8:16 error ledger/expression: accumulator other: `sum` is not CEL: the end stands where a name must stand',
    ],
  ],
  [
    ledger('    key: task\n    count: true\n'),
    ['ledger.yaml:6:3 warning ledger/unread-accumulator: no policy reads the accumulator other'],
  ],
  [
    { ...reading('other'), ...ledger('    key: task\n    count: true\n    on: action == "fly"\n') },
    ['ledger.yaml:9:19 warning ledger/unknown-action: other: `on` names fly, which is not an action of the schema'],
  ],
  [
    { ...reading('other'), ...ledger('    key: task\n    sum: input.amuont\n    on: lineage == "a"\n') },
    ['ledger.yaml:8:10 warning ledger/unknown-argument: other: no action has an argument amuont'],
  ],
  [
    { ...ledger('    key: task\n    distinct: result.id\n    on: action == "refund"\n'), ...reading('other') },
    ['ledger.yaml:6:3 error ledger/untrusted-result: other is over results, and tools.yaml describes no tool'],
  ],
  [
    {
      ...ledger('    key: task\n    distinct: result.id\n    on: action == "refund"\n'),
      ...reading('other'),
      'tools.yaml':
        'tools: { refund: { effects: [money], arguments: { amount: amount, to: destination }, result: external } }\n',
    },
    ['ledger.yaml:6:3 warning ledger/untrusted-result: other: no value that refund answers is internal or better'],
  ],
  ...[
    [
      'givesBack: never',
      'ledger.yaml:9:5 error ledger/expression: accumulator other is over results, and has `givesBack`',
    ],
    [
      'actual: result.b',
      'ledger.yaml:9:5 error ledger/expression: accumulator other is over results, and has `actual`',
    ],
  ].map(([member = '', line = '']): (typeof TABLE)[number] => [
    { ...ledger(`    key: task\n    sum: result.a\n    ${member}\n`), ...reading('other') },
    [line],
  ]),
  [
    {
      ...ledger('    key: task\n    sum: input.amount\n    on: action == "refund"\n    integrity: system\n'),
      ...reading('other'),
    },
    ['ledger.yaml:10:5 error ledger/expression: accumulator other has an `integrity`, and names no `result`'],
  ],
  [
    { ...ledger('    key: task\n    set: labels\n    on: result.ok\n') },
    [
      'ledger.yaml:9:9 error ledger/expression: accumulator other is of labels, and its `on` names `result`',
      'ledger.yaml:6:3 warning ledger/unread-accumulator: no policy reads the accumulator other',
    ],
  ],
  ...(
    [
      ['distinct: result.id', undefined],
      ['distinct: result.list.map(one, one.id)', undefined],
      ['distinct: result.more.any', undefined],
      [
        'distinct: result.idd',
        '22 warning ledger/result-type: other: `distinct` cannot be worked out: there is no member idd',
      ],
      ['distinct: result.count', '15 warning ledger/result-type: other: `distinct` gives int; it must give a text'],
      ['sum: result.id', '10 warning ledger/result-type: other: `sum` gives string; it must give a whole number'],
      ['sum: result.count', undefined],
    ] as const
  ).map(([fold, line]): (typeof TABLE)[number] => [
    {
      ...ledger(`    key: task\n    on: action == "refund"\n    ${fold}\n`),
      ...reading('other'),
      'tools.yaml': `tools:
  refund:
    effects: [money]
    arguments: { amount: amount, to: destination }
    result: internal
    outputSchema:
      type: object
      properties:
        id: { type: string }
        count: { type: integer }
        list: { type: array, items: { type: object, properties: { id: { type: string } } } }
        more: { type: object, additionalProperties: { type: string } }
`,
    },
    line === undefined ? [] : [`ledger.yaml:9:${line}`],
  ]),
  ...(
    [
      ['sum(input.', '53 error ledger/derived-value: derived value total: `is` is not CEL'],
      ['size(input.amount)', '42 error ledger/derived-value: total: for refund, derived value total: '],
      ['"five"', '42 error ledger/derived-value: derived value total gives string'],
      ['input.amuont', '49 error ledger/derived-value: total: for refund'],
      ['fact("User", input.to, "clearance")', '56 error ledger/derived-value: total: refund may leave out to'],
      ['fact("User", "ana", "tier")', '42 error ledger/derived-value: total reads tier of a User, which the schema'],
      [
        'fact(input.to, "ana", "tier")',
        '42 error ledger/derived-value: derived value total looks up a fact whose type',
      ],
      ['derived.other', '42 error ledger/derived-value: derived value total names another'],
      ['input.amount', undefined],
    ] as const
  ).map(([is, line]): (typeof TABLE)[number] => [
    {
      'ledger.yaml': `${GOOD['ledger.yaml']}derived:\n  total: { of: [refund], type: Long, is: '${is}' }\n`,
      'policies/read.cedar':
        '@id("read") forbid (principal, action == Action::"refund", resource) when { context.derived.total > 5 };',
    },
    line === undefined ? [] : [`ledger.yaml:7:${line}`],
  ]),
  [
    { 'ledger.yaml': `${GOOD['ledger.yaml']}derived: { total: { of: [fly], type: Long, is: '1' } }\n` },
    [
      'ledger.yaml:6:26 error ledger/derived-value: total: the schema has no action fly',
      'ledger.yaml:6:12 warning ledger/unread-derived: no policy and no accumulator reads the derived value total',
    ],
  ],
  [
    { ...reading('other'), ...ledger('    key: input.to\n    count: true\n    on: action == "refund"\n') },
    ['ledger.yaml:7:10 warning ledger/unfit-argument: other: for refund, `key` needs to, which a call may leave out'],
  ],
  [
    { ...reading('other'), ...ledger('    key: input.to\n    count: true\n') },
    [
      'ledger.yaml:7:10 warning ledger/unfit-argument: other: for 2 actions (approve, refund), `key` needs to, which a call may leave out',
    ],
  ],
  [
    { 'tools.yaml': 'tools:\n  fly: { effects: [read] }\n' },
    ['tools.yaml:2:3 warning tools/unknown-action: fly is not an action of the schema'],
  ],
  [
    {
      'tools.yaml':
        'tools:\n  approve: { effects: [read], result: internal }\n  tools/call: { effects: [read], result: internal }\n',
    },
    [
      'tools.yaml:2:3 warning tools/reserved-name: approve: the name is taken by an action of Writ, so no call of a tool of that name is permitted',
      'tools.yaml:3:3 warning tools/reserved-name: tools/call: the name is taken by an action of Writ, so no call of a tool of that name is permitted',
    ],
  ],
  [
    { 'tools.yaml': 'tools: {}\ndetect: { card: card, instructions: injected }\n' },
    ['tools.yaml:2:23 warning tools/weak-detector: detect: `instructions` found 12 of 133 public injections (9 %)'],
  ],
  [
    {
      'schema.cedarschema': `${GOOD['schema.cedarschema']}
entity Tool;
action look, lift, delegate appliesTo { principal: [User], resource: [Tool], context: { tool: { effects: Set<String> } } };`,
      'tools.yaml': 'tools:\n  look: { effects: [read], result: internal }\n',
      'policies/all.cedar': `@id("all") permit (principal, action, resource) when { !(context has ledger) || context.ledger.refunded <= 500 };`,
    },
    ['tools.yaml:1:1 warning tools/undescribed-tool: lift is not described, so it counts as a tool that does anything'],
  ],
  [
    {
      'writ.yaml': 'name: shop\ngateway:\n  clients:\n    one: { agent: \'User::"a"\', for: \'User::"b"\' }\n',
      'policies/more.cedar': '@id("more") forbid (principal, action, resource) unless { context.tool.asked };',
    },
    [
      'writ.yaml:3:3 warning settings/no-prompt: no client sends a prompt (one), and more asks whether the user wanted a call: it stops nearly all',
    ],
  ],
  [
    { 'tools.yaml': 'tools:\n  refund: { effects: [read] }\n' },
    ['tools.yaml:2:3 warning tools/undescribed-result: refund: nothing is said of its result'],
  ],
  [
    { 'tools.yaml': 'tools:\n  refund:\n    effects: [read]\n    result: internal\n    arguments: { who: target }\n' },
    ['tools.yaml:5:18 warning tools/unknown-argument: refund: no argument who is in the schema'],
  ],
  [
    { 'tools.yaml': 'tools:\n  refund: { effects: [egress], result: internal }\n' },
    ['tools.yaml:2:3 warning tools/argument-without-role: refund: to can have texts, and has no role'],
  ],
  [
    { 'tools.yaml': 'tools:\n  refund:\n    effects: [read]\n    result: { "$.a[": internal }\n' },
    ['tools.yaml:4:20 error tools/description: refund: $.a[ is not a JSONPath: unclosed bracketed selection'],
  ],
  [
    { 'tools.yaml': 'stores:\n  ordr: { keep: 30d }\n' },
    ['tools.yaml:2:3 warning tools/unknown-store: no tool writes the store ordr'],
  ],
  [
    {
      'tools.yaml':
        'tools: { refund: { effects: [read], arguments: {}, result: { $: internal, $.a: { readers: [staff, guests, hr] }, $.b: { clears: [guests] } } } }\nreaders: { staff: ["@shop.example"] }\n',
    },
    ['tools.yaml:1:107 warning tools/unknown-readers: refund: nobody is a member of hr'],
  ],
  [
    {
      'tools.yaml':
        'tools:\n  refund: { effects: [read], arguments: {}, result: { $: [internal, confidental], $.a: { labels: [extenal] } } }\n',
    },
    [
      'tools.yaml:2:69 warning tools/misspelt-label: confidental is a label of its own, and not confidential',
      'tools.yaml:2:99 warning tools/misspelt-label: extenal is a label of its own, and not external',
    ],
  ],
  [
    {
      'tools.yaml': 'tools: { refund: { effects: [read], arguments: {}, result: { $: { readers: [All of us] } } } }\n',
    },
    ['tools.yaml:1:77 error tools/description: refund: $: All of us is no reader'],
  ],
  [
    { 'facts.yaml': 'facts:\n  User: { grade: { maxAge: 1m } }\n' },
    ['facts.yaml:2:11 error facts/unknown-attribute: the schema has no attribute grade of User'],
  ],
  [
    {
      'facts.yaml':
        'facts: { User: { clearance: { maxAge: 1m } } }\nfetchers:\n  x: { of: User, attributes: { clearance: "$[" }, every: 1s, file: { path: a.json } }\n',
    },
    ['facts.yaml:3:46 error facts/json-path: x: $[ is not a JSONPath'],
  ],
  [
    {
      'facts.yaml':
        'facts: { User: { clearance: { maxAge: 1m } } }\nfetchers:\n  x: { of: User, attributes: { clearance: $.c }, every: 1s, file: { path: a } }\n  y: { of: User, attributes: { clearance: $.c }, every: 1s, file: { path: b } }\n',
    },
    ['facts.yaml:4:32 error facts/two-fetchers: y and x both bring User.clearance'],
  ],
  [
    { 'facts.yaml': 'fetchers:\n  x: { of: User, attributes: { clearance: $.c }, every: 1s, file: { path: a } }\n' },
    ['facts.yaml:2:32 error facts/no-max-age: x: User.clearance has no maxAge'],
  ],
  [
    {
      'facts.yaml':
        'facts: { User: { clearance: { maxAge: 1m } } }\nfetchers:\n  x: { of: User, attributes: { clearance: $.c }, every: 1h, file: { path: a } }\n',
    },
    ['facts.yaml:3:57 warning facts/slow-fetcher: x: User.clearance is fetched every 1h and is too old after 1m'],
  ],
  [
    {
      'writ.yaml':
        'name: shop\nsignals:\n  receive:\n    idp:\n      issuer: https://a.example\n      audience: a\n      endpoint: https://a.example/p\n      identities: { user: { type: Nobody, id: claims.email } }\n',
    },
    ['writ.yaml:8:35 error signals/unknown-type: signals.receive.idp: the schema has no entity type Nobody'],
  ],
  [
    {
      'writ.yaml':
        'name: shop\nsignals:\n  receive:\n    idp:\n      issuer: https://a.example\n      audience: a\n      endpoint: https://a.example/p\n      identities: { user: { type: User, id: claims.email } }\n      attributes: { risk: danger }\n',
    },
    ['writ.yaml:9:27 error signals/unknown-attribute: signals.receive.idp: none of User has an attribute danger'],
  ],
  [
    {
      'writ.yaml':
        'name: shop\nissuers:\n  https://a.example:\n    audience: a\n    jwks: https://a.example/keys\n    identity: { type: User, id: "claims." }\n',
    },
    ['writ.yaml:6:41 error settings/identity: `identity.id` is not CEL'],
  ],
  [
    {
      'schema.cedarschema': `${GOOD['schema.cedarschema']}\naction break_glass appliesTo { principal: [User], resource: [Order], context: { ledger: { refunded: Long }, request: { mood: String } } };`,
    },
    ['schema.cedarschema:9:120 error access/request-attribute: break_glass: context.request has no mood'],
  ],
  [
    { 'access.yaml': 'templates:\n  money: {}\n' },
    ['access.yaml:2:3 warning access/unused-template: no policy asks by the template money'],
  ],
  [
    { 'access.yaml': 'templates:\n  default: { ask: [\'User::"a"\', \'Boss::"b"\'] }\n' },
    ['access.yaml:2:33 error access/unknown-approver-type: default: the schema has no entity type Boss'],
  ],
  [
    {
      'access.yaml':
        'templates:\n  default: { emergency: { for: 1h, notify: [mail] } }\nnotify:\n  mail: { to: webhook, url: https://a.example, secret: s }\n',
    },
    ['access.yaml:2:14 error access/no-break-glass-action: default: the schema has no action break_glass'],
  ],
  [
    { 'access.yaml': 'templates:\n  default:\n    catalogs:\n      /context/order: { type: Bill }\n' },
    [
      'access.yaml:3:5 error access/catalog: default: catalogs are of the fields of a schema',
      'access.yaml:4:31 error access/catalog: default: the schema has no entity type Bill',
    ],
  ],
  [
    { 'access.yaml': 'templates:\n  default:\n    schema: { type: 5 }\n' },
    ['access.yaml:3:21 error access/form: default: schema: type: it must be one of array, boolean'],
  ],
];

describe('the rules of writ check', () => {
  it('find nothing in a good bundle', () => {
    expect(findingsOf({}).map(text)).toEqual([]);
  });

  it.each(TABLE.map(([files, expected]) => [expected[0]?.replace(/: .*/, '') ?? '', files, expected] as const))(
    '%s',
    (_first, files, expected) => {
      const found = findingsOf(files).map(text);
      for (const [index, start] of expected.entries()) expect(found[index]?.slice(0, start.length)).toBe(start);
      expect(found).toHaveLength(expected.length);
    },
  );

  it.each(['['.repeat(100_000), `${'{ a: '.repeat(5_000)}1${' }'.repeat(5_000)}`])(
    'find YAML that is nested too deep, in words and not as the error of a stack',
    (nested) => {
      const found = findingsOf({ 'writ.yaml': `name: ${nested}\n` });
      expect(found.map(({ code, message }) => [code, message])).toEqual([
        ['yaml/syntax', 'this is nested too deep to be read'],
      ]);
      expect(found[0]?.help).toMatch(/^write it with fewer levels/);
    },
  );

  it('warn of a file that the bundle does not read', () => {
    const unread = { path: 'ledger.yml', isAmongPolicies: false, meant: 'ledger.yaml' };
    expect(findingsOf({}, [unread]).map((found) => `${text(found)}; ${found.help}`)).toEqual([
      'ledger.yml:1:1 warning bundle/unknown-file: the bundle does not read this; did you mean ledger.yaml?',
    ]);
  });

  it('refuse a file among the policies that is no .cedar file', () => {
    const unread = { path: 'policies/FREEZE.CEDAR', isAmongPolicies: true, meant: 'policies/FREEZE.cedar' };
    expect(findingsOf({}, [unread]).map((found) => `${text(found)}; ${found.help}`)).toEqual([
      'policies/FREEZE.CEDAR:1:1 error policies/no-cedar-file: this is no .cedar file; did you mean policies/FREEZE.cedar?',
    ]);
  });

  it.each(['season', 'obligatons', 'Obligation', 'step_up', 'highrisk', 'requestible', 'ID', 'raeson'])(
    'warn of @%s, which is near an annotation of Writ',
    (name) => {
      const found = findingsOf(policy(`@${name}("x")`));
      expect(found.map(({ code, line, column }) => [code, line, column])).toEqual([
        ['policies/misspelt-annotation', 3, 1],
      ]);
    },
  );

  it.each(['owner', 'region', 'ticket', 'version', 'is', 'idea', 'risk', 'season_ticket', 'obliged', 'step'])(
    'leave @%s alone, which is an annotation of the author',
    (name) => expect(findingsOf(policy(`@${name}("x")`))).toEqual([]),
  );

  it('each have a code that is the path of their file, and a row in the table', () => {
    const codes = RULES.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => !existsSync(new URL(`./${code}.ts`, import.meta.url)))).toEqual([]);
    const shown = new Set(
      TABLE.flatMap(([, expected]) => expected.map((line) => line.split(' ')[2]?.replace(/:$/, ''))),
    );
    const twins = readFileSync(new URL('./lints.test.ts', import.meta.url), 'utf8');
    const untested = codes.filter((code) => !shown.has(code) && !twins.includes(` ${code}`));
    expect(untested).toEqual(['bundle/unknown-file']);
  });

  it.each([
    ['refunded', 'context.ledger.refundedTotal > 1', ['refunded']],
    ['refunded', '"ledger.refunded" == "x"', ['refunded']],
    ['refunded', 'context.ledger.refunded > 1', []],
    ['refunded', 'context["ledger"]["refunded"] > 1', []],
    ['refunded', '{ "has": 1, ".": [2] } == { "has": context.ledger.refunded, ".": [2] }', []],
    ['refunded', 'if context.ledger.refunded > 1 then true else false', []],
  ])('an accumulator %s is read by %s or not', (_name, condition, expected) => {
    const found = findingsOf({
      'schema.cedarschema': (GOOD['schema.cedarschema'] ?? '').replace(
        'refunded: Long } }',
        'refunded: Long, refundedTotal?: Long } }',
      ),
      'policies/all.cedar': `@id("all") // context.ledger.refunded\npermit (principal, action, resource) when { context.ledger has refundedTotal && ${condition} };`,
    });
    const unread = found
      .filter(({ code }) => code === 'ledger/unread-accumulator')
      .map(({ message }) => message.split(' ').at(-1));
    expect(unread).toEqual(expected);
  });
});
