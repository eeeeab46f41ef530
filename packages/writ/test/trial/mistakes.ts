/** The mistakes of section 3 of the trial, each in a bundle that is right without it, with what has to be said of it. */
export interface Mistake {
  readonly files: Readonly<Record<string, string>>;
  /** `test` runs the tests of the bundle; without it the bundle is checked. */
  readonly verb?: 'test';
  readonly says: RegExp;
  /** A text that would mislead. */
  readonly saysNot?: RegExp;
}

export const RIGHT: Readonly<Record<string, string>> = {
  'writ.yaml': `name: shop
gateway:
  servers: { db: { command: db-server } }
  clients: { one: { agent: 'Agent::"bot"', for: 'User::"ana"' } }
`,
  'schema.cedarschema': `entity User { level: Long };
entity Agent, Order, Tool;
type Done = { done: Set<String>, seen: Set<String> };
action refund appliesTo { principal: [User, Agent], resource: [Order], context: { input: { amount: Long, note?: String }, ledger: Done } };
action list_tables, query appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { sql?: String, path?: String }, ledger: Done } };
`,
  'tools.yaml': `tools:
  list_tables: { effects: [read], result: [internal, pii] }
  query: { effects: [read], arguments: { path: { role: target, kind: path } }, result: [internal, pii] }
  refund: { effects: [money], arguments: { amount: amount, note: content }, result: internal }
`,
  'ledger.yaml': `accumulators:
  done: { key: task, set: action }
  seen: { key: task, set: labels }
`,
  'entities/people.json': `[
  { "uid": { "type": "User", "id": "ana" }, "attrs": { "level": 1 } },
  { "uid": { "type": "Agent", "id": "bot" } }
]
`,
  'policies/all.cedar': `@id("all") @reason("the desk works")
permit (principal, action, resource)
unless { context.ledger.done.contains("refund") && context.ledger.seen.contains("pii") };
`,
};

const rule = (text: string): Record<string, string> => ({
  'policies/more.cedar': `@id("more") @reason("r")\n${text}\n`,
});
const when = (condition: string, action = 'refund'): Record<string, string> =>
  rule(`forbid (principal, action == Action::"${action}", resource)\nwhen { ${condition} };`);
const change = (file: string, from: string, to: string): Record<string, string> => ({
  [file]: (RIGHT[file] as string).replace(from, to),
});
const steps = (text: string): Record<string, string> => ({
  'tests/a.yaml': `tests:\n  - test: a\n    agent: Agent::"bot"\n    for: User::"ana"\n    steps:\n      - ${text}\n`,
});

export const MISTAKES: Readonly<Record<string, Mistake>> = {
  'attribute typo': { files: when('context.input.amont > 1'), says: /more\.cedar:3:\d+ error .*amont[\s\S]*amount/ },
  'action typo': {
    files: when('true', 'refnd'),
    says: /more\.cedar:2:\d+ error .*refnd[\s\S]*refund/,
    saysNot: /Action::"approve"/,
  },
  'unknown type': {
    files: rule('forbid (principal is Usr, action, resource);'),
    says: /more\.cedar:2:\d+ error .*Usr[\s\S]*User/,
  },
  'Long vs String': { files: when('context.input.amount > "1"'), says: /more\.cedar:3:\d+ error .*Long/ },
  'missing @id': {
    files: { 'policies/more.cedar': 'permit (principal, action, resource);\n' },
    says: /more\.cedar:1:1 error .*no @id/,
  },
  'double @id': {
    files: { 'policies/more.cedar': '@id("all") permit (principal, action, resource);\n' },
    says: /more\.cedar:1:1 error .*`all` is already/,
  },
  'no ;': {
    files: rule('forbid (principal, action, resource)'),
    says: /more\.cedar:\d+:\d+ error/,
    saysNot: /the bundle has no policy/,
  },
  'YAML indentation': { files: change('ledger.yaml', '  seen', '   seen'), says: /ledger\.yaml:3:\d+ error .*column/ },
  'double key': {
    files: change('ledger.yaml', '  seen: { key: task, set: labels }', '  done: { key: task, set: labels }'),
    says: /ledger\.yaml:3:3 error .*(unique|the key done)/,
  },
  'unknown key in ledger.yaml': {
    files: change('ledger.yaml', 'set: action', 'sett: action'),
    says: /ledger\.yaml:2:\d+ error .*sett/,
  },
  'unknown key in writ.yaml': {
    files: change('writ.yaml', 'name: shop', 'name: shop\ngatway: {}'),
    says: /writ\.yaml:2:1 error .*gatway[\s\S]*gateway/,
  },
  'bad CEL': {
    files: change('ledger.yaml', 'set: action', `set: action, on: 'action = "x"'`),
    says: /ledger\.yaml:2:([4-9]|\d\d) error .*not CEL/,
  },
  'unknown CEL name': {
    files: change('ledger.yaml', 'set: action', `set: action, on: 'acton == "x"'`),
    says: /ledger\.yaml:2:([4-9]|\d\d) error .*acton/,
  },
  'argument that no action has': {
    files: change('ledger.yaml', 'set: action', `set: action, on: 'input.amuont > 1'`),
    says: /ledger\.yaml:2:([4-9]|\d\d) warning .*amuont/,
  },
  'unused accumulator': {
    files: change('ledger.yaml', '  seen', '  calls: { key: task, count: true }\n  seen'),
    says: /ledger\.yaml:3:\d+ warning .*calls \[ledger\/unread-accumulator\]/,
  },
  'undeclared obligation': {
    files: rule('@obligation("notice") permit (principal, action, resource);'),
    says: /more\.cedar:\d+:\d+ error .*notice.*\[policies\/undeclared-obligation\]/,
  },
  'undeclared template': {
    files: rule('@requestable("owners") forbid (principal, action, resource);'),
    says: /more\.cedar:\d+:\d+ warning .*\[policies\/(unknown-template|unapprovable-request)\]/,
  },
  'mapping for an unknown server': {
    files: { 'mappings/a.yaml': 'server: bd\ntools: { query: { evaluation: { resource: { type: Tool, id: x } } } }\n' },
    says: /mappings\/a\.yaml:1:\d+ warning .*bd.*\[mappings\/unknown-server\]/,
  },
  'fact with an unknown attribute': {
    files: change('entities/people.json', '"level": 1', '"level": 1, "grade": 2'),
    says: /entities\/people\.json:\d+:\d+ error .*grade/,
  },
  'test of an unknown call': {
    files: steps('{ call: qery, expect: deny }'),
    says: /tests\/a\.yaml:6:\d+ \w+ .*qery.*\[tests\/unknown-action\]/,
  },
  'test with an unknown result': {
    files: steps('{ call: query, expect: denied }'),
    says: /tests\/a\.yaml:6:\d+ error .*expect.*allow/,
    saysNot: /Invalid input/,
  },
  'test with an input of another name': {
    files: steps('{ call: query, input: { qury: x }, expect: deny }'),
    says: /tests\/a\.yaml:6:\d+ \w+ .*qury.*\[tests\/unknown-input\]/,
  },
  'no test at all': { files: {}, verb: 'test', says: /no tests? (is|are) there|(there is|has) no tests?\b/ },
  'label typo': {
    files: when('context.ledger.seen.contains("PII")'),
    says: /more\.cedar:3:\d+ error .*PII.*\[policies\/unknown-label\][\s\S]*pii/,
  },
  'action typo in a set': {
    files: when('context.ledger.done.contains("list_tabels")'),
    says: /more\.cedar:3:\d+ error .*list_tabels.*\[policies\/unknown-action\][\s\S]*list_tables/,
  },
  '@stepup': {
    files: rule('@stepup("urn:a:b") forbid (principal, action, resource);'),
    says: /more\.cedar:2:\d+ \w+ .*stepup.*\[policies\/misspelt-annotation\][\s\S]*stepUp/,
  },
  contradiction: {
    files: when('context.input has note && context.input.note == "a" && context.input.note == "b"'),
    says: /more\.cedar:\d+:\d+ warning .*\[policies\/contradiction\]/,
  },
  duplicate: {
    files: { 'policies/more.cedar': (RIGHT['policies/all.cedar'] as string).replace('"all"', '"more"') },
    says: /more\.cedar:1:\d+ warning .*\[policies\/duplicate\]/,
  },
  'client for an agent without entity': {
    files: change('writ.yaml', 'Agent::"bot"', 'Agent::"bto"'),
    says: /writ\.yaml:4:\d+ \w+ .*bto.*\[settings\/unknown-agent\][\s\S]*bot/,
  },
  '.ceder': {
    files: { 'policies/stop.ceder': 'forbid (principal, action, resource);' },
    says: /policies\/stop\.ceder.*error/,
  },
  'polices/': {
    files: { 'polices/stop.cedar': 'forbid (principal, action, resource);' },
    says: /polices.*\[bundle\/unknown-file\]/,
  },
  '.yml': { files: { 'tests/a.yml': 'tests: []' }, says: /tests\/a\.yml.*(warning|error)/ },
  'now, which the schema does not declare': { files: when('context.now > datetime("2026-01-01")'), says: /0 errors/ },
  'ledger value that no accumulator has': {
    files: when('context.ledger.dnoe.contains("refund")'),
    says: /more\.cedar:3:\d+ error .*dnoe[\s\S]*done/,
  },
  'like on a path': {
    files: when('context.input has path && context.input.path like "/srv/*"', 'query'),
    says: /more\.cedar:3:\d+ warning .*\[policies\/like-on-path\]/,
  },
  'like on SQL': {
    files: when('context.input has sql && context.input.sql like "*delete*"', 'query'),
    says: /more\.cedar:3:\d+ warning .*\[policies\/like-on-sql\]/,
  },
  'a step-up that its callers never meet (F17)': {
    files: rule('@stepUp("urn:shop:loa:3") forbid (principal, action, resource);'),
    says: /more\.cedar:\d+:\d+ warning .*\[policies\/unreachable-step-up\]/,
  },
};
