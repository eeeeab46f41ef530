/** A small bundle that nothing is found in, and ways to break it. */

type Texts = Readonly<Record<string, string>>;

export const GOOD: Texts = {
  'writ.yaml': `name: shop
gateway:
  servers:
    desk: { command: desk-server }
`,
  'schema.cedarschema': `entity User = { clearance?: Long };
entity Order;
action refund, mail appliesTo {
  principal: [User],
  resource: [Order],
  context: { input: { amount: Long, to?: String }, ledger: { refunded: Long } }
};
`,
  'ledger.yaml': `accumulators:
  refunded:
    key: task
    sum: input.amount
    on: action == "refund"
`,
  'tools.yaml': `tools:
  refund:
    effects: [money]
    arguments: { amount: amount, to: destination }
    result: internal
  mail: { effects: [egress], arguments: { amount: amount, to: destination }, result: { $: internal } }
`,
  'facts.yaml': `facts:
  User:
    clearance: { maxAge: 1h }
fetchers:
  crm:
    of: User
    attributes: { clearance: $.level }
    every: 10m
    http: { url: https://crm.example/users }
`,
  'tasks.yaml': `default: any
tasks:
  any: { mandate: any }
`,
  'mappings/desk.yaml': `server: desk
tools:
  refund:
    evaluation:
      resource: { type: Order, id: $params.arguments.to }
`,
  'policies/all.cedar': `@id("all")
@reason("everybody may")
permit (principal, action, resource)
when { context.ledger.refunded <= 500 };
`,
  'tests/all.yaml': `tests:
  - test: a refund
    for: User::"ana"
    steps:
      - call: refund
        input: { amount: 5 }
        expect: allow
`,
};

/** A mistake: the files that have it (`-` takes one out), all that is said, and whether the shape of a file shows it. */
export interface Mistake {
  readonly name: string;
  readonly files: Texts;
  readonly said: readonly string[];
  /** The file whose shape shows it. */
  readonly shape?: string;
}

/** Returns a file of the good bundle with a part that is written otherwise. */
function changed(file: string, from: string, to: string): Texts {
  const text = GOOD[file] ?? '';
  if (text.split(from).length !== 2) throw new Error(`${file} has not exactly one ${from}`);
  return { [file]: text.replace(from, () => to) };
}

const policy = (text: string): Texts => ({ 'policies/more.cedar': text });
const settings = (text: string): Texts => ({ 'writ.yaml': `${GOOD['writ.yaml']}${text}` });

export const MISTAKES: readonly Mistake[] = [
  {
    name: 'an attribute that does not exist',
    files: policy('@id("a")\npermit (principal, action, resource)\nwhen { context.input.amont > 1 };'),
    said: [
      'policies/more.cedar:3:8: error: policy a: attribute `input.amont` in context for 2 actions (mail, refund) not found (did you mean `amount`?) [policies/types]',
    ],
  },
  {
    name: 'an action that does not exist',
    files: policy('@id("a")\npermit (principal, action == Action::"refnd", resource);'),
    said: [
      'policies/more.cedar:2:30: error: policy a: unrecognized action `Action::"refnd"` (did you mean `Action::"refund"`?) [policies/types]',
    ],
  },
  {
    name: 'a type that does not exist',
    files: policy('@id("a")\npermit (principal is Usr, action, resource);'),
    said: [
      'policies/more.cedar:2:22: error: policy a: unrecognized entity type `Usr` (did you mean `User`?) [policies/types]',
    ],
  },
  {
    name: 'a text where a number belongs',
    files: policy('@id("a")\npermit (principal, action, resource)\nwhen { context.input.amount > "5" };'),
    said: ['policies/more.cedar:3:31: error: policy a: unexpected type: expected Long but saw String [policies/types]'],
  },
  {
    name: 'a policy without id, and a mistake in it',
    files: policy('permit (principal, action, resource)\nwhen { context.input.amont > 1 };'),
    said: [
      'policies/more.cedar:1:1: error: this policy has no @id (give it one: a decision names the policies that made it) [policies/no-id]',
      'policies/more.cedar:2:8: error: this policy: attribute `input.amont` in context for 2 actions (mail, refund) not found (did you mean `amount`?) [policies/types]',
    ],
  },
  {
    name: 'an id twice',
    files: policy('@id("all")\npermit (principal, action, resource);'),
    said: [
      'policies/more.cedar:1:1: error: the id `all` is already that of a policy in policies/all.cedar (give each its own) [policies/same-id]',
    ],
  },
  {
    name: 'the only policy without its end',
    files: changed('policies/all.cedar', '500 };', '500 }'),
    said: ['policies/all.cedar:4:40: error: unexpected end of input (expected `;` or identifier) [policies/syntax]'],
  },
  {
    name: 'an obligation that is not declared',
    files: policy('@id("a")\n@obligation("audit")\npermit (principal, action, resource);'),
    said: [
      'policies/more.cedar:2:1: error: policy a: the obligation audit is not declared (declare it in obligations.yaml; every decision with it would be a denial) [policies/undeclared-obligation]',
    ],
  },
  {
    name: 'a template that is not declared',
    files: {
      ...policy('@id("a")\n@requestable("money")\nforbid (principal, action, resource);'),
      'schema.cedarschema': (GOOD['schema.cedarschema'] ?? '').replace('refund, mail', 'refund, mail, approve'),
    },
    said: [
      'policies/more.cedar:2:1: warning: policy a: access.yaml has no template money (declare who is asked, how many, and for how long) [policies/unknown-template]',
    ],
  },
  {
    name: 'an entity without its attribute',
    files: {
      'entities/people.json':
        '[\n  { "uid": { "type": "User", "id": "ana" }, "attrs": { "clearance": "high" }, "parents": [] }\n]\n',
    },
    said: [
      'entities/people.json:2:69: error: User::"ana": attrs.clearance: expected Long, got the string "high" [entities/types]',
    ],
  },
  {
    name: 'an unknown member of the root',
    files: settings('gatway: {}\n'),
    said: ['writ.yaml:5:1: error: there is no member gatway (did you mean gateway?) [yaml/shape]'],
    shape: 'writ.yaml',
  },
  {
    name: 'a member that is nothing like one',
    files: settings('zebra: 1\n'),
    said: [
      'writ.yaml:5:1: error: there is no member zebra (its members are name, signals, callers, issuers, spiffe, tokens, delegation, freshness, identities, record, tasks, http, gateway) [yaml/shape]',
    ],
    shape: 'writ.yaml',
  },
  {
    name: 'a member that is missing',
    files: settings('tokens: { lifetime: 5m }\n'),
    said: ['writ.yaml:5:1: error: tokens needs trustDomain, for example shop.example [yaml/shape]'],
    shape: 'writ.yaml',
  },
  {
    name: 'a number for a text',
    files: changed('writ.yaml', 'shop', '5'),
    said: ['writ.yaml:1:7: error: name: it must be a text (write it in quotes) [yaml/shape]'],
    shape: 'writ.yaml',
  },
  {
    name: 'a key without a value',
    files: changed('writ.yaml', ' shop', ''),
    said: ['writ.yaml:1:1: error: name: it has no value (write a text, or remove the key) [yaml/shape]'],
    shape: 'writ.yaml',
  },
  {
    name: 'a list for a map',
    files: { 'writ.yaml': '- name: shop\n' },
    said: ['writ.yaml:1:1: error: it must be a map [yaml/shape]'],
    shape: 'writ.yaml',
  },
  {
    name: 'a word that is not one of those',
    files: settings('delegation: paths\n'),
    said: ['writ.yaml:5:13: error: delegation: it must be one of path, actor (did you mean path?) [yaml/shape]'],
    shape: 'writ.yaml',
  },
  {
    name: 'an address that is none',
    files: settings('issuers:\n  https://login.example: { audience: shop, jwks: login.example/keys }\n'),
    said: [
      'writ.yaml:6:50: error: issuers.https://login.example.jwks: it must be a URL of http or https, as https://shop.example [yaml/shape]',
    ],
    shape: 'writ.yaml',
  },
  {
    name: 'keys over http',
    files: settings('issuers:\n  https://login.example: { audience: shop, jwks: http://login.example/keys }\n'),
    said: [
      'writ.yaml:6:50: error: issuers.https://login.example.jwks: keys are fetched over https; http only from loopback [yaml/shape]',
    ],
  },
  {
    name: 'a name that is none',
    files: settings('callers:\n  Web Shop: {}\n'),
    said: [
      'writ.yaml:6:3: error: callers."Web Shop": a name is lower-case letters, digits, dots and dashes [yaml/shape]',
    ],
    shape: 'writ.yaml',
  },
  {
    name: 'a time without a unit',
    files: settings('tasks: { endWhenIdle: 30 }\n'),
    said: ['writ.yaml:5:23: error: tasks.endWhenIdle: a time is a number and ms, s, m, h or d, as in 30s [yaml/shape]'],
    shape: 'writ.yaml',
  },
  {
    name: 'a time past its bounds',
    files: settings('tasks: { endWhenIdle: 30d }\n'),
    said: ['writ.yaml:5:23: error: tasks.endWhenIdle: a task ends after 1m to 24h without use [yaml/shape]'],
  },
  {
    name: 'one role for a list',
    files: settings('callers:\n  web: { roles: operator }\n'),
    said: ['writ.yaml:6:17: error: callers.web.roles: it must be a list (write it in [ ]) [yaml/shape]'],
    shape: 'writ.yaml',
  },
  {
    name: 'yes for true',
    files: settings('record: { witnesses: [{ url: https://w.example, key: w+00000000+AA==, required: yes }] }\n'),
    said: [
      'writ.yaml:5:81: error: record.witnesses.0.required: it must be true or false (write true, without quotes) [yaml/shape]',
    ],
    shape: 'writ.yaml',
  },
  {
    name: 'a text for a number',
    files: settings('tokens: { trustDomain: shop.example, maxDepth: "4" }\n'),
    said: ['writ.yaml:5:48: error: tokens.maxDepth: it must be a number (write it without quotes) [yaml/shape]'],
    shape: 'writ.yaml',
  },
  {
    name: 'a sink of an unknown kind',
    files: settings('record: { export: { siem: { to: http2, url: https://siem.example } } }\n'),
    said: [
      'writ.yaml:5:33: error: record.export.siem.to: it must be one of file, http, syslog, otlp, parquet (did you mean http?) [yaml/shape]',
    ],
    shape: 'writ.yaml',
  },
  {
    name: 'a sink without a kind',
    files: settings('record: { export: { siem: { url: https://siem.example } } }\n'),
    said: ['writ.yaml:5:21: error: record.export.siem needs to: one of file, http, syslog, otlp, parquet [yaml/shape]'],
    shape: 'writ.yaml',
  },
  {
    name: 'a mask of nothing',
    files: settings('record: { mask: [{}] }\n'),
    said: ['writ.yaml:5:18: error: record.mask.0: it needs path or class [yaml/shape]'],
    shape: 'writ.yaml',
  },
  {
    name: 'two ways to a server',
    files: changed('writ.yaml', 'desk-server }', 'desk-server, url: https://desk.example }'),
    said: ['writ.yaml:4:5: error: gateway.servers.desk: a server has a `command` or a `url` [yaml/shape]'],
  },
  {
    name: 'a value that an overlay breaks',
    files: { 'writ.test.yaml': 'gateway:\n  servers:\n    desk: { timeout: soon }\n' },
    said: [
      'writ.test.yaml:3:22: error: gateway.servers.desk.timeout: a time is a number and ms, s, m, h or d, as in 30s [yaml/shape]',
    ],
  },
  {
    name: 'an overlay of what is not there',
    files: { 'writ.test.yaml': 'gateway:\n  servers:\n    dsk: { timeout: 5s }\n' },
    said: [
      'writ.test.yaml:3:5: error: gateway.servers.dsk changes something that writ.yaml does not have (declare it there: an overlay changes values, and adds nothing) [bundle/overlay]',
    ],
  },
  {
    name: 'an unknown member of an overlay',
    files: { 'writ.test.yaml': 'facts: { fetchers: { crm: { timout: 5s } } }\n' },
    said: [
      'writ.test.yaml:1:29: error: facts.fetchers.crm: there is no member timout (did you mean timeout?) [yaml/shape]',
    ],
    shape: 'writ.test.yaml',
  },
  {
    name: 'a fetcher that is too slow',
    files: changed('facts.yaml', 'every: 10m', 'every: 1h'),
    said: [
      'facts.yaml:8:12: warning: crm: User.clearance is fetched every 1h and is too old after 1h (between two fetches nothing is decided on it for a time; fetch more often) [facts/slow-fetcher]',
    ],
  },
  {
    name: 'a line that is not indented',
    files: changed('ledger.yaml', '    sum', '   sum'),
    said: [
      'ledger.yaml:4:4: error: this line does not begin in the column of the lines that it belongs to (give all keys of one map, and all items of one list, the same indentation; what comes after it can only be read once this is mended) [yaml/syntax]',
    ],
  },
  {
    name: 'a tab',
    files: changed('ledger.yaml', '    sum', '\tsum'),
    said: [
      'ledger.yaml:4:1: error: this line is indented with a tab (indent it with spaces; what comes after it can only be read once this is mended) [yaml/syntax]',
    ],
  },
  {
    name: 'a key twice',
    files: changed('ledger.yaml', 'sum: input.amount', 'sum: input.amount\n    sum: "1"'),
    said: ['ledger.yaml:5:5: error: the key sum stands here a second time (keep one of the two) [yaml/syntax]'],
  },
  {
    name: 'a quote that is not closed',
    files: changed('ledger.yaml', 'on: action == "refund"', `on: 'action == "refund"`),
    said: ["ledger.yaml:5:9: error: this ' is not closed [yaml/syntax]"],
  },
  {
    name: 'a bracket that is not closed',
    files: changed('tools.yaml', '[money]', '[money'),
    said: ['tools.yaml:3:14: error: this [ is not closed [yaml/syntax]'],
  },
  {
    name: 'a colon that is missing',
    files: changed('ledger.yaml', '  refunded:', '  refunded'),
    said: [
      'ledger.yaml:2:3: error: this key has no `: `, or the lines below it are indented too far (write `key: value`, with a space after the colon; what comes after it can only be read once this is mended) [yaml/syntax]',
    ],
  },
  {
    name: 'a text with a colon',
    files: changed('ledger.yaml', 'sum: input.amount', 'sum: has: it'),
    said: [
      'ledger.yaml:4:10: error: this value has a `: ` of its own, or the line below it is indented too far (put a text that has `: ` in quotes; begin the keys of one map in one column) [yaml/syntax]',
    ],
  },
  {
    name: 'a text that begins with @',
    files: changed('tools.yaml', 'result: internal\n', 'result: @internal\n'),
    said: ['tools.yaml:5:13: error: a text cannot begin with @ here (put it in quotes) [yaml/syntax]'],
  },
  {
    name: 'an alias of nothing',
    files: changed('ledger.yaml', 'key: task', 'key: *task'),
    said: ['ledger.yaml:3:10: error: there is no anchor task (put a text that begins with * in quotes) [yaml/syntax]'],
  },
  {
    name: 'two documents',
    files: changed('tasks.yaml', 'tasks:', '---\ntasks:'),
    said: [
      'tasks.yaml:2:1: error: a second document begins here (remove the line with ---: a file of a bundle is one document) [yaml/syntax]',
    ],
  },
  {
    name: 'an unknown member of an accumulator',
    files: changed('ledger.yaml', 'on: action', 'onn: action'),
    said: ['ledger.yaml:5:5: error: accumulators.refunded: there is no member onn (did you mean on?) [yaml/shape]'],
    shape: 'ledger.yaml',
  },
  {
    name: 'a window that is none',
    files: changed('ledger.yaml', 'key: task', 'key: task\n    window: daily'),
    said: [
      'ledger.yaml:4:13: error: accumulators.refunded.window: a window is a number and s, m, h or d, as in 24h; or hour, day, week or month, of the calendar in UTC [yaml/shape]',
    ],
    shape: 'ledger.yaml',
  },
  {
    name: 'an accumulator of two kinds',
    files: changed('ledger.yaml', 'key: task', 'key: task\n    count: true'),
    said: [
      'ledger.yaml:2:3: error: accumulators.refunded: an accumulator has exactly one of `set`, `distinct`, `sum` and `count` [yaml/shape]',
    ],
  },
  {
    name: 'CEL that does not end',
    files: changed('ledger.yaml', 'sum: input.amount', 'sum: input.'),
    said: [
      'ledger.yaml:4:16: error: accumulator refunded: `sum` is not CEL: the end stands where a name must stand [ledger/expression]',
    ],
  },
  {
    name: 'a name that CEL does not know',
    files: changed('ledger.yaml', 'on: action ==', 'on: input.amount > 1 && acton =='),
    said: [
      'ledger.yaml:5:29: error: accumulator refunded: `on`: there is no variable acton (did you mean action?) [ledger/expression]',
    ],
  },
  {
    name: 'CEL in a block',
    files: changed('ledger.yaml', 'sum: input.amount', 'sum: |\n      input.amount +\n      inptu.amount'),
    said: [
      'ledger.yaml:6:7: error: accumulator refunded: `sum`: there is no variable inptu (did you mean input?) [ledger/expression]',
    ],
  },
  {
    name: 'an argument that no action has',
    files: changed('ledger.yaml', 'sum: input.amount', 'sum: 1 + input.amuont'),
    said: [
      'ledger.yaml:4:14: warning: refunded: no action has an argument amuont (did you mean amount? If not: it can never be counted) [ledger/unknown-argument]',
    ],
  },
  {
    name: 'an action that is not counted',
    files: changed('ledger.yaml', 'on: action == "refund"', `on: action in ["mail", "refnd"]`),
    said: [
      'ledger.yaml:5:28: error: refunded: `on` names refnd, which is not an action of the schema (did you mean refund?) [ledger/unknown-action]',
    ],
  },
  {
    name: 'an accumulator that nobody reads',
    files: { 'ledger.yaml': `${GOOD['ledger.yaml']}  other: { key: task, count: true }\n` },
    said: [
      'ledger.yaml:6:3: warning: no policy reads the accumulator other (remove it, or use context.ledger) [ledger/unread-accumulator]',
    ],
  },
  {
    name: 'a derived value that is not CEL',
    files: {
      'ledger.yaml': `${GOOD['ledger.yaml']}derived:\n  total: { of: [refund], type: Long, is: "input.amount + (1" }\n`,
    },
    said: [
      'ledger.yaml:7:60: error: derived value total: `is` is not CEL: the end stands where `)` must stand [ledger/derived-value]',
      'ledger.yaml:7:3: warning: no policy and no accumulator reads the derived value total (remove it, or use context.derived) [ledger/unread-derived]',
    ],
  },
  {
    name: 'an unknown effect',
    files: changed('tools.yaml', '[money]', '[mony]'),
    said: [
      'tools.yaml:3:15: error: tools.refund.effects.0: it must be one of read, write, egress, money, account, destroy (did you mean money?) [yaml/shape]',
    ],
    shape: 'tools.yaml',
  },
  {
    name: 'one effect for a list',
    files: changed('tools.yaml', '[money]', 'money'),
    said: ['tools.yaml:3:14: error: tools.refund.effects: it must be a list (write it in [ ]) [yaml/shape]'],
    shape: 'tools.yaml',
  },
  {
    name: 'an unknown role',
    files: changed('tools.yaml', 'to: destination }\n    result', 'to: destinaton }\n    result'),
    said: [
      'tools.yaml:4:38: error: tools.refund.arguments.to: it must be destination, target, secret, amount, content or a map (did you mean destination?) [yaml/shape]',
    ],
    shape: 'tools.yaml',
  },
  {
    name: 'an unknown member of labels',
    files: changed('tools.yaml', 'result: internal\n', 'result: { integrty: internal }\n'),
    said: [
      'tools.yaml:5:15: error: tools.refund.result: there is no member integrty (did you mean integrity?) [yaml/shape]',
    ],
    shape: 'tools.yaml',
  },
  {
    name: 'labels of a part that are none',
    files: changed('tools.yaml', '{ $: internal }', '{ $.id: 5 }'),
    said: [
      'tools.yaml:6:88: error: tools.mail.result: the labels of a part are words, a list of words, or a map as { integrity: internal } [yaml/shape]',
    ],
    shape: 'tools.yaml',
  },
  {
    name: 'a JSONPath that does not end',
    files: changed('tools.yaml', '{ $: internal }', '{ "$.items[": internal }'),
    said: [
      'tools.yaml:6:97: error: mail: $.items[ is not a JSONPath: unclosed bracketed selection (as in $.items[*].name (RFC 9535)) [tools/description]',
    ],
  },
  {
    name: 'a condition that is not CEL',
    files: changed('tools.yaml', '{ $: internal }', `{ $: { labels: [a], when: 'valeu == "x"' } }`),
    said: [
      'tools.yaml:6:112: error: mail: $: `when`: there is no variable valeu (did you mean value?) [tools/description]',
    ],
  },
  {
    name: 'a role of an argument that is not there',
    files: changed('tools.yaml', '{ amount: amount, to: destination }\n', '{ amount: amount, too: destination }\n'),
    said: [
      'tools.yaml:4:34: warning: refund: no argument too is in the schema (the role can never match) [tools/unknown-argument]',
      'tools.yaml:4:5: warning: refund: to can have texts, and has no role (it counts as content; say its role in `arguments`) [tools/argument-without-role]',
    ],
  },
  {
    name: 'a tool that is no action',
    files: changed('tools.yaml', '  mail:', '  mali:'),
    said: [
      'tools.yaml:6:3: warning: mali is not an action of the schema (did you mean mail? If not: every call of it is denied: declare it, or remove it) [tools/unknown-action]',
    ],
  },
  {
    name: 'a fact that the schema does not have',
    files: changed('facts.yaml', '    clearance: {', '    clearence: {'),
    said: [
      'facts.yaml:3:5: error: the schema has no attribute clearence of User (no policy could ever read it: declare it, or remove it) [facts/unknown-attribute]',
      'facts.yaml:7:19: error: crm: User.clearance has no maxAge (say under `facts` for how long a fetched value may be relied on) [facts/no-max-age]',
    ],
  },
  {
    name: 'a path of a fetcher that is none',
    files: changed('facts.yaml', '$.level', '"$.level["'),
    said: [
      'facts.yaml:7:39: error: crm: $.level[ is not a JSONPath: unclosed bracketed selection (write a path as in $.state (RFC 9535)) [facts/json-path]',
    ],
  },
  {
    name: 'a fetcher of nothing',
    files: changed('facts.yaml', '    http: { url: https://crm.example/users }\n', ''),
    said: ['facts.yaml:5:3: error: fetchers.crm: a fetcher has exactly one of `http`, `sql` and `file` [yaml/shape]'],
  },
  {
    name: 'a kind of task that is not there',
    files: changed('tasks.yaml', 'default: any', 'default: eny'),
    said: ['tasks.yaml:1:10: error: default: there is no kind eny in `tasks` [yaml/shape]'],
  },
  {
    name: 'a mandate that is a word',
    files: changed('tasks.yaml', 'mandate: any', 'mandate: all'),
    said: ['tasks.yaml:3:19: error: tasks.any.mandate: it must be any or a list [yaml/shape]'],
    shape: 'tasks.yaml',
  },
  {
    name: 'an unknown member of a mandate',
    files: changed('tasks.yaml', 'mandate: any', 'mandate: [{ action: [refund] }]'),
    said: [
      'tasks.yaml:3:22: error: tasks.any.mandate.0: there is no member action (did you mean actions?) [yaml/shape]',
    ],
    shape: 'tasks.yaml',
  },
  {
    name: 'a mapping of an unknown server',
    files: changed('mappings/desk.yaml', 'server: desk', 'server: dsk'),
    said: [
      'mappings/desk.yaml:1:9: warning: the mapping names the server dsk, which writ.yaml does not have (did you mean desk? If not: it is never used: declare the server, or remove the mapping) [mappings/unknown-server]',
    ],
  },
  {
    name: 'a mapping of nothing',
    files: changed('mappings/desk.yaml', 'evaluation:', 'evaluaton:'),
    said: [
      'mappings/desk.yaml:4:5: error: tools.refund: there is no member evaluaton (did you mean evaluation?) [yaml/shape]',
    ],
    shape: 'mappings/desk.yaml',
  },
  {
    name: 'a mapping that is not CEL',
    files: changed('mappings/desk.yaml', '$params.arguments.to', '$parms.arguments.to'),
    said: [
      'mappings/desk.yaml:5:37: error: tools.refund.evaluation.resource.id: it is not CEL: there is no variable parms (did you mean params?); `$$` stands for a $ [yaml/shape]',
    ],
  },
  {
    name: 'an unknown step of a test',
    files: changed('tests/all.yaml', 'call: refund', 'cal: refund'),
    said: ['tests/all.yaml:5:9: error: tests.0.steps.0: there is no member cal (did you mean call?) [yaml/shape]'],
    shape: 'tests/all.yaml',
  },
  {
    name: 'an unknown expectation',
    files: changed('tests/all.yaml', 'expect: allow', 'expect: alow'),
    said: [
      'tests/all.yaml:7:17: error: tests.0.steps.0.expect: it must be one of allow, modify, step_up, defer, deny (did you mean allow?) [yaml/shape]',
    ],
    shape: 'tests/all.yaml',
  },
  {
    name: 'no expectation',
    files: changed('tests/all.yaml', '        expect: allow\n', ''),
    said: [
      'tests/all.yaml:5:9: error: tests.0.steps.0 needs expect: one of allow, modify, step_up, defer, deny [yaml/shape]',
    ],
    shape: 'tests/all.yaml',
  },
  {
    name: 'a test for nobody',
    files: changed('tests/all.yaml', '    for: User::"ana"\n', ''),
    said: [
      'tests/all.yaml:2:5: error: tests.0: a test with a `call` says with `for` on whose behalf it is [yaml/shape]',
    ],
  },
  {
    name: 'a person who is none',
    files: changed('tests/all.yaml', 'for: User::"ana"', 'for: ana'),
    said: [
      'tests/all.yaml:3:10: error: tests.0.for: an entity is written Type::"id", as in Agent::"support-bot" [yaml/shape]',
    ],
    shape: 'tests/all.yaml',
  },
  {
    name: 'an obligation without its member',
    files: {
      'obligations.yaml': 'obligations:\n  code: { type: step-up, properties: { acr: high } }\n',
      ...policy('@id("a")\n@obligation("code")\npermit (principal, action, resource);'),
    },
    said: ['obligations.yaml:2:26: error: obligations.code.properties: a step-up has `acr_value` [yaml/shape]'],
  },
  {
    name: 'an obligation with a path that is none',
    files: { 'obligations.yaml': 'obligations:\n  hide: { type: redact, properties: { path: "items[" } }\n' },
    said: [
      'obligations.yaml:2:52: error: obligations.hide.properties.path: `path` is not a JSONPath: unclosed bracketed selection [yaml/shape]',
    ],
  },
  {
    name: 'an approver of an unknown type',
    files: { 'access.yaml': `templates:\n  default:\n    ask: ['Boss::"b"']\n` },
    said: [
      'access.yaml:3:11: error: default: the schema has no entity type Boss (Boss::"b" cannot exist: declare the type) [access/unknown-approver-type]',
    ],
  },
  {
    name: 'a channel of an unknown kind',
    files: { 'access.yaml': 'notify:\n  desk: { to: webhok, url: https://desk.example, secret: s }\n' },
    said: [
      'access.yaml:2:15: error: notify.desk.to: it must be one of webhook, mail (did you mean webhook?) [yaml/shape]',
    ],
    shape: 'access.yaml',
  },
  {
    name: 'a form that is no JSON Schema',
    files: {
      'access.yaml':
        'templates:\n  default:\n    schema:\n      type: object\n      properties: { why: { type: text } }\n',
    },
    said: [
      'access.yaml:5:34: error: default: schema: properties.why.type: it must be one of array, boolean, integer, null, number, object, string (write it in JSON Schema 2020-12) [access/form]',
    ],
  },
  {
    name: 'a signal for an unknown type',
    files: settings(
      'signals:\n  receive:\n    idp:\n      issuer: https://idp.example\n      audience: shop\n      endpoint: https://idp.example/poll\n      identities: { user: { type: Usr, id: claims.sub } }\n',
    ),
    said: [
      'writ.yaml:11:35: error: signals.receive.idp: the schema has no entity type Usr (no event could change anything: declare the type) [signals/unknown-type]',
    ],
  },
  {
    name: 'an identity that is not CEL',
    files: settings(
      'issuers:\n  https://login.example:\n    audience: shop\n    jwks: https://login.example/keys\n    identity: { type: User, id: claims. }\n',
    ),
    said: [
      'writ.yaml:9:40: error: `identity.id` is not CEL: the end stands where a name must stand [settings/identity]',
    ],
  },
];
