import { type EntityUid, uidText } from '@writ/cedar';
import { defined } from '@writ/sdk/lib/defined';
import { Document, type Node, visit } from 'yaml';
import { isReserved } from '../reserved-names.js';
import { type DeployedClient, type Deployment, writYamlOf } from './deployment.js';
import { draftedTests } from './drafted-tests.js';
import { generatedSchema, opaqueOf, withGenerated } from './generated-schema.js';
import { type GuessedTool, guessTools, type RecordedAnswers } from './guess.js';
import type { ListedTool } from './listed-tool.js';
import { notesOn } from './notes.js';
import { type ObservedCall, observedPolicies } from './observed.js';

/** The files of a bundle for tools that were listed, and what was guessed. */
interface DraftedBundle {
  /** By path. */
  readonly files: ReadonlyMap<string, string>;
  readonly tools: readonly DraftedTool[];
  /** How often each tool was called, when it was drafted from calls. */
  readonly seen: ReadonlyMap<string, number> | undefined;
}

/** A tool as it was drafted. */
export interface DraftedTool extends GuessedTool {
  readonly name: string;
  /** Arguments that policies cannot see: Cedar has no type for them. */
  readonly opaque: readonly string[];
  /** Calls of it that are denied as it is drafted, for the person who reviews it. */
  readonly notes: readonly string[];
}

/** Guesses tools, each with what a person has to know of it. */
export function draftTools(listed: readonly ListedTool[], answers?: RecordedAnswers): DraftedTool[] {
  const guessed = guessTools(listed, answers);
  return listed.map((tool, i): DraftedTool => {
    const guess = guessed[i] as GuessedTool;
    return { name: tool.name, opaque: opaqueOf(tool), notes: notesOn(tool, guess), ...guess };
  });
}

/**
 * Drafts the part of a bundle that follows from its tools: `schema.cedarschema` and `tools.yaml`.
 *
 * @param calls what was seen: then `policies/observed.cedar` permits that and no more
 * @param answers recorded answers: the fields in them are labelled one by one
 * @param deployment the servers and clients, where they are known
 * @param client the agent and its person where they are not
 */
export function draftBundle(
  name: string,
  all: readonly ListedTool[],
  calls: readonly ObservedCall[] = [],
  answers?: RecordedAnswers,
  deployment?: Deployment,
  client: DeployedClient = DEFAULT_CLIENT,
): DraftedBundle {
  // Of tools with one name a client sees the first.
  const listed = [...new Map([...all].reverse().map((tool) => [tool.name, tool])).values()].reverse();
  const tools = draftTools(listed, answers);
  const observed =
    calls.length === 0
      ? undefined
      : observedPolicies(
          calls,
          tools.map((tool, i) => ({ ...listed[i], ...tool })),
        );
  const clients = [...(deployment?.clients.values() ?? [client])];
  const { agent, for: originator } = clients[0] ?? client;
  const identities = distinctUids([
    ...(observed?.identities ?? clients.flatMap((one) => [one.for, one.agent])),
    ...clients.flatMap(({ owner }) => owner ?? []),
  ]);
  const owners = new Map(clients.map((one) => [uidText(one.agent), one.owner ?? one.for]));
  const types = [...new Set(identities.map(({ type }) => type))];
  const others = types.filter((type) => !['User', 'Agent', 'Tool', 'AccessRequest'].includes(type)).sort();
  const own =
    others.length === 0 ? SCHEMA : SCHEMA.replace('\nentity Agent', `\nentity ${others.join(', ')};\nentity Agent`);
  const acting = ['Agent', 'User', ...others].sort();
  const files = new Map([
    ['writ.yaml', deployment === undefined ? writYaml(name, client) : writYamlOf(name, deployment)],
    ['schema.cedarschema', withGenerated(own, generatedSchema(listed, own, own, acting).text)],
    ['tools.yaml', toolsYamlOf(tools)],
    [
      'entities/identities.json',
      `[\n${identities.map((uid) => entityText(uid, owners.get(uidText(uid)))).join(',\n')}\n]\n`,
    ],
    ...(observed === undefined ? [] : ([['policies/observed.cedar', observed.text]] as const)),
  ]);
  const tests = draftedTests(
    tools.map((tool, i) => ({ ...listed[i], ...tool })),
    agent,
    originator,
    observed && new Set(observed.seen.keys()),
  );
  if (deployment !== undefined && tests !== undefined) files.set('tests/drafted.yaml', tests);
  return { files, tools, seen: observed?.seen };
}

const DEFAULT_CLIENT: DeployedClient = { agent: { type: 'Agent', id: 'agent' }, for: { type: 'User', id: 'user' } };

function distinctUids(uids: readonly EntityUid[]): EntityUid[] {
  return [...new Map(uids.map((uid) => [uidText(uid), uid])).values()];
}

/** Returns the entity of an identity. An agent needs an owner: without one, nobody could approve what it is stopped in. */
function entityText(uid: EntityUid, owner: EntityUid | undefined): string {
  const attrs = owner === undefined ? '' : `, "attrs": { "owner": { "__entity": ${JSON.stringify(owner)} } }`;
  return `  { "uid": ${JSON.stringify(uid)}${attrs} }`;
}

function writYaml(name: string, { agent, for: person }: DeployedClient): string {
  const quoted = (uid: EntityUid): string => `'${uidText(uid).replaceAll("'", "''")}'`;
  return `name: ${name}

# The servers of the tools, and who calls them. Each client gets a key of its own when the gateway starts.
# gateway:
#   servers:
#     tools: { command: npx, args: [some-mcp-server] }
#   clients:
#     agent: { agent: ${quoted(agent)}, for: ${quoted(person)}, prompt: true }
`;
}

const SCHEMA = `// Drafted by \`writ init\` from the tools as their server lists them.

entity User, Tool, AccessRequest;
entity Agent { owner?: User };

// The origins of the values of arguments. Integrity: 0 external, 1 attested, 2 internal, 3 system, 4 the user.
// Confidentiality: 0 public, 1 internal, 2 confidential, 3 restricted.
type Origin = {
  integrity: Long, confidentiality: Long, labels: Set<String>, from: Set<String>,
  values: Set<String>, domains: Set<String>, links: Long, deviates: Set<String>,
  said: Set<String>, named: Bool, unclear: Set<String>, returned: Bool
};
type ToolCall = {
  effects: Set<String>, asked: Bool, authority: Long, leaksCode: Bool,
  destination?: Origin, target?: Origin, secret?: Origin, amount?: Origin, content?: Origin
};
type Provenance = { assurance: Long, depth: Long, lineage: String, purpose: String };
// The request that is approved, for policies on \`approve\`. \`owners\`: the owners of the identities on the path.
type Request = { owners: Set<User>, originator: User, action: String, template: String, step: Long };
action approve appliesTo { principal: [User], resource: [AccessRequest], context: { request: Request } };
entity Task;
// A task of a kind (docs/tasks.md) is started with a token.
action start_task appliesTo { principal: [User, Agent], resource: [Task] };
type Ledger = { seen: Set<String>, calls: Long, reached: Long, paid: decimal };
`;

const TOOLS_YAML = `# Drafted by \`writ init\`: guesses from names. Look at each, and above all at what it says of results:
# external (others wrote it), attested (we know who), internal (ours), system (made by the tool itself).
tools:
`;

/** The classes whose forms are hard to mistake, and characters that nobody sees. */
const DETECT = `
# What all results are looked through for.
detect: { card: card, secret: secret, hidden-text: hidden-text }
`;

/** Returns a `tools.yaml` that describes tools as they were drafted. */
export function toolsYamlOf(tools: readonly DraftedTool[]): string {
  return [TOOLS_YAML, tools.length === 0 ? '  {}\n' : '', ...tools.map(toolText), DETECT].join('');
}

function toolText(tool: DraftedTool): string {
  const { comments, described } = toolNode(tool);
  const document = new Document({ [tool.name]: described }, { aliasDuplicateObjects: false });
  formatted(document);
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: true });
  return `${comments.map((line) => `# ${line}\n`).join('')}${text}`.replace(/^(?=.)/gm, '  ');
}

/** Returns a tool as `tools.yaml` describes it, with the lines above it. */
export function toolNode(tool: DraftedTool): { readonly comments: readonly string[]; readonly described: object } {
  const { name, because, effects, roles, reads, writes, opaque, asked, format, notes } = tool;
  const comments = [because, ...notes].map((line) => line.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?'));
  // `writ check` warns of it, until it is gone.
  if (isReserved(name)) return { comments, described: { effects: ['read'], result: ['system', 'public'] } };
  const described = {
    effects,
    ...(Object.keys(roles).length === 0 ? {} : { arguments: argumentsOf(tool) }),
    ...(opaque.length === 0 ? {} : { opaque }),
    ...defined({ reads, writes, asked, format }),
    result: resultOf(tool),
  };
  return { comments, described };
}

/** Writes lists and labels of tools on one line. */
export function formatted(node: Document | Node): void {
  visit(node, {
    Seq(_key, list) {
      list.flow = true;
    },
    // Labels are short: a line each.
    Map(_key, map) {
      if (map.items.every(({ key }) => LABEL_MEMBERS.has(String(key)))) map.flow = true;
    },
  });
}

const LABEL_MEMBERS: ReadonlySet<string> = new Set([
  'integrity',
  'confidentiality',
  'labels',
  'kind',
  'readers',
  'sentBy',
  'role',
]);

function argumentsOf({ arguments: given }: DraftedTool): unknown {
  return Object.fromEntries(
    [...given].map(([name, { role, kind }]) => [name, kind === undefined ? role : { role, kind }]),
  );
}

/** Returns the labels of an answer; those of all of it alone where no part has others. */
function resultOf({ result: { rules } }: DraftedTool): unknown {
  return rules.size === 1 ? rules.get('$') : Object.fromEntries(rules);
}
