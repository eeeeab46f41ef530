/** The bundles that are attacked. */

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Without a gateway: a budget of 100 a person, a revocable agent, a second look at wires. */
export const PLAIN: Files = {
  'writ.yaml': `name: plain
callers: { default: {} }
tokens: { trustDomain: shop.example }
gateway:
  clients: { bot-for-ana: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [read] } }
`,
  'schema.cedarschema': `entity Group;
entity User, Agent in [Group];
entity Doc;
entity Env enum ["dev", "staging"];
action read, write, mail, gone appliesTo { principal: [User, Agent], resource: [Doc] };
action post appliesTo { principal: [User, Agent], resource: [Doc], context: { ledger: { seen: Set<String> } } };
action deploy appliesTo { principal: [User, Agent], resource: [Env] };
action pay appliesTo { principal: [User], resource: [Doc], context: { input: { amount: Long }, ledger: { paid: decimal } } };
action keep appliesTo { principal: [User], resource: [Doc], context: { input: { note?: String } } };
action wire appliesTo { principal: [User], resource: [Doc], context: { input: { amount?: Long } } };
action approve appliesTo { principal: [User], resource: [Doc] };
`,
  'ledger.yaml': `accumulators:
  paid: { key: originator, sum: input.amount, decimal: true, on: action == "pay" }
  seen: { key: task, set: labels }
`,
  'tools.yaml': `tools:
  read: { effects: [read], result: { $: external } }
  keep: { effects: [read], result: internal }
detect: { email: pii, phone: phone, secret: secret }
`,
  'access.yaml': `templates: { lead: { ask: ['Group::"leads"'], lifetimes: { once: 15m } } }
`,
  'policies/all.cedar': `@id("all") permit (principal, action in [Action::"read", Action::"write", Action::"deploy", Action::"keep", Action::"post"], resource);
@id("pay") permit (principal, action == Action::"pay", resource);
@id("budget") forbid (principal, action == Action::"pay", resource) when { context.ledger.paid.greaterThan(decimal("100.0")) };
@id("after") forbid (principal, action == Action::"post", resource) when { context.ledger.seen.containsAny(["external", "pii"]) };
@id("wire") permit (principal, action == Action::"wire", resource);
@id("wire-asks") @requestable("lead") forbid (principal, action == Action::"wire", resource);
@id("leads") permit (principal in Group::"leads", action == Action::"approve", resource);
`,
  'entities/all.json': JSON.stringify([
    ...['lena', 'mara'].map((id) => ({
      uid: { type: 'User', id },
      attrs: {},
      parents: [{ type: 'Group', id: 'leads' }],
    })),
    { uid: { type: 'User', id: 'ana' }, attrs: {}, parents: [] },
  ]),
};

/** The clients of the gateway. Each is a task of its own. */
export const CLIENTS = Array.from({ length: 150 }, (_, i) => `c${i + 1}`);

const TOOLS = ['read_hr', 'redacted', 'say', 'raw', 'post', 'bomb', 'cycle', 'deep', 'big', 'constructor', 'leak'];

/** With the hostile server behind the gateway: results have labels, a sink is closed by them, and one tool is redacted. */
export function flowFiles(server: string, pin = 'first-use'): Files {
  const actions = `${TOOLS.join(', ')}, list_names`;
  return {
    'writ.yaml': `name: flow
callers: { default: {} }
gateway:
  guards: { pin: first-use }
  servers: { hostile: { command: node, args: ['${server}', '\${data}/journal.txt'], pin: ${pin}, root: /srv/files, timeout: 20s } }
  clients:
${CLIENTS.map((name) => `    ${name}: { agent: 'Agent::"bot"', for: 'User::"ana"' }`).join('\n')}
`,
    'schema.cedarschema': `entity User, Agent, Tool;
type Input = { way?: String, text?: String, json?: String, n?: Long };
type Ledger = { seen: Set<String> };
entity File { within: Set<String> };
action open appliesTo { principal: [User, Agent], resource: [File], context: { input: { path: String }, ledger: Ledger } };
action ${actions} appliesTo { principal: [User, Agent], resource: [Tool], context: { input: Input, ledger: Ledger } };
`,
    'ledger.yaml': 'accumulators:\n  seen: { key: task, set: labels }\n',
    'obligations.yaml': 'obligations:\n  no-mail: { type: redact, properties: { class: email, with: "[address]" } }\n',
    'tools.yaml': `tools:
  read_hr: { effects: [read], result: { $: external, '$[*]': { labels: [pii] } }, arguments: { way: target } }
  redacted: { effects: [read], result: internal, arguments: { way: target } }
  say: { effects: [read], result: internal, arguments: { text: content } }
  open: { effects: [read], result: internal, arguments: { path: target } }
  raw: { effects: [read], result: internal, opaque: [json] }
  post: { effects: [egress], result: internal, arguments: { text: content } }
  big: { effects: [read], result: internal }
  constructor: { effects: [read], result: internal, arguments: { text: content } }
defaults: { effects: [read], result: internal }
detect: { email: pii, phone: phone, secret: secret, instructions: injected }
`,
    'mappings/hostile.yaml': `server: hostile
tools:
  open:
    evaluation:
      resource:
        type: File
        id: $pathBelow(params.arguments.path, server.root)
        properties: { within: '$withFolders(pathBelow(params.arguments.path, server.root))' }
`,
    'policies/all.cedar': `@id("files") permit (principal, action == Action::"open", resource);
@id("wages") forbid (principal, action == Action::"open", resource) when { resource.within.contains("/löhne") };
@id("work") permit (principal, action, resource is Tool) unless { action == Action::"redacted" };
@id("redacted") @obligation("no-mail") permit (principal, action == Action::"redacted", resource is Tool);
@id("sink") forbid (principal, action == Action::"post", resource)
when { context.ledger.seen.containsAny(["external", "pii", "injected"]) };
`,
  };
}
