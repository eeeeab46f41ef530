import { Document, visit } from 'yaml';
import { admitsNull, cedarTypeOf } from './cedar-type.js';
import { type GuessedTool, guessTool, type ListedTool } from './guess.js';

/** The files of a bundle for tools that were listed, and what was guessed. */
export interface DraftedBundle {
  /** By path. */
  readonly files: ReadonlyMap<string, string>;
  readonly tools: readonly DraftedTool[];
}

export interface DraftedTool extends GuessedTool {
  readonly name: string;
  /** Arguments that policies cannot see: Cedar has no type for them. */
  readonly opaque: readonly string[];
}

/** Drafts the part of a bundle that follows from its tools: `schema.cedarschema` and `tools.yaml`. */
export function draftBundle(name: string, listed: readonly ListedTool[]): DraftedBundle {
  const tools = listed.map((tool): DraftedTool => ({ name: tool.name, opaque: opaqueOf(tool), ...guessTool(tool) }));
  const files = new Map([
    ['writ.yaml', WRIT_YAML.replace('NAME', name)],
    ['schema.cedarschema', [SCHEMA, ...listed.map((tool, i) => actionText(tool, tools[i] as DraftedTool))].join('\n')],
    ['tools.yaml', [TOOLS_YAML, ...tools.map(toolText), DETECT].join('')],
    [
      'entities/identities.json',
      '[\n  { "uid": { "type": "User", "id": "user" } },\n  { "uid": { "type": "Agent", "id": "agent" } }\n]\n',
    ],
  ]);
  return { files, tools };
}

const WRIT_YAML = `name: NAME

# The servers of the tools, and who calls them. Each client gets a key of its own when the gateway starts.
# gateway:
#   servers:
#     tools: { command: npx, args: [some-mcp-server] }
#   clients:
#     agent: { agent: 'Agent::"agent"', for: 'User::"user"', prompt: true }
`;

const SCHEMA = `// Drafted by \`writ init\` from the tools as their server lists them.

entity User, Tool, AccessRequest;
entity Agent { owner?: User };

// Where the values of arguments came from. Integrity: 0 external, 1 attested, 2 internal, 3 system, 4 the user.
// Confidentiality: 0 public, 1 internal, 2 confidential, 3 restricted.
type Origin = {
  integrity: Long, confidentiality: Long, labels: Set<String>, from: Set<String>,
  values: Set<String>, domains: Set<String>, links: Long
};
type ToolCall = {
  effects: Set<String>, asked: Bool, authority: Long,
  destination?: Origin, target?: Origin, secret?: Origin, amount?: Origin, content?: Origin
};
type Provenance = { assurance: Long, depth: Long, lineage: String, purpose: String };
// What is approved, as policies on \`approve\` see it. \`owners\`: those who answer for whoever is on the path.
type Request = { owners: Set<User>, originator: User, action: String, template: String, step: Long };
action approve appliesTo { principal: [User], resource: [AccessRequest], context: { request: Request } };
type Ledger = { seen: Set<String>, calls: Long, reached: Long, paid: decimal };
`;

const TOOLS_YAML = `# Drafted by \`writ init\`: guesses from names. Look at each, and above all at what it says of results:
# external (others wrote it), attested (we know who), internal (ours), system (made by the tool itself).
tools:
`;

/** What has a form that cannot be mistaken. */
const DETECT = `
# What all results are looked through for.
detect: { card: card, secret: secret }
`;

function actionText(tool: ListedTool, { opaque }: DraftedTool): string {
  const properties = Object.entries((tool.inputSchema?.properties ?? {}) as Record<string, unknown>);
  const required = (tool.inputSchema?.required ?? []) as readonly string[];
  const attributes = properties
    .filter(([name]) => !opaque.includes(name))
    .map(([name, schema]) => {
      const isRequired = required.includes(name) && !admitsNull(schema);
      return `${JSON.stringify(name)}${isRequired ? '' : '?'}: ${typeOf(schema, tool)}`;
    });
  const input =
    attributes.length === 0 ? '' : `input${required.length === 0 ? '?' : ''}: { ${attributes.join(', ')} }, `;
  const context = `{ ${input}tool: ToolCall, ledger: Ledger, provenance: Provenance }`;
  return `action ${JSON.stringify(tool.name)} appliesTo { principal: [User, Agent], resource: [Tool], context: ${context} };`;
}

/** A number that need not be whole is a decimal, of four fractional digits at most. */
function typeOf(schema: unknown, { inputSchema }: ListedTool): string | undefined {
  return isNumber(schema) ? 'decimal' : cedarTypeOf(schema, { ...inputSchema, ...(schema as object) });
}

function isNumber(schema: unknown): boolean {
  const { type, anyOf } = (schema ?? {}) as { type?: unknown; anyOf?: unknown };
  if (Array.isArray(anyOf)) {
    const [only, ...more] = anyOf.filter((one) => (one as { type?: unknown } | null)?.type !== 'null');
    return more.length === 0 && isNumber(only);
  }
  return type === 'number';
}

/** Numbers without an end of digits, such as coordinates, are not for Cedar's decimals; amounts are. */
function opaqueOf(tool: ListedTool): string[] {
  const properties = Object.entries((tool.inputSchema?.properties ?? {}) as Record<string, unknown>);
  return properties
    .filter(([name, schema]) =>
      isNumber(schema) ? !/amount|price|total|sum|cost|value/.test(name) : typeOf(schema, tool) === undefined,
    )
    .map(([name]) => name);
}

function toolText(tool: DraftedTool): string {
  const { name, because, effects, roles, isFromOutside, reads, writes, opaque } = tool;
  const described = {
    effects,
    ...(Object.keys(roles).length === 0 ? {} : { arguments: roles }),
    ...(opaque.length === 0 ? {} : { opaque }),
    ...(reads === undefined ? {} : { reads }),
    ...(writes === undefined ? {} : { writes }),
    result: isFromOutside ? OUTSIDE : 'internal',
  };
  const document = new Document({ [name]: described });
  visit(document, {
    Seq(_key, list) {
      list.flow = true;
    },
  });
  return `  # ${because}\n${String(document).replace(/^(?=.)/gm, '  ')}`;
}

/** What others wrote, but for what a server gives out itself, and for who it says that wrote. */
const OUTSIDE = {
  $: 'external',
  '$..id': 'system',
  '$..id_': 'system',
  '$..email': 'attested',
  '$..sender': 'attested',
  '$..participants[*]': 'attested',
};
