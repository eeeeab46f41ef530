import { Document, visit } from 'yaml';
import { defined } from '../../lib/defined.js';
import { generatedSchema, opaqueOf, withGenerated } from './generated-schema.js';
import { type GuessedTool, guessTool, type ListedTool } from './guess.js';
import { type ObservedCall, observedPolicies } from './observed.js';

/** The files of a bundle for tools that were listed, and what was guessed. */
interface DraftedBundle {
  /** By path. */
  readonly files: ReadonlyMap<string, string>;
  readonly tools: readonly DraftedTool[];
  /** How often each tool was called, when it was drafted from calls. */
  readonly seen: ReadonlyMap<string, number> | undefined;
}

interface DraftedTool extends GuessedTool {
  readonly name: string;
  /** Arguments that policies cannot see: Cedar has no type for them. */
  readonly opaque: readonly string[];
}

/**
 * Drafts the part of a bundle that follows from its tools: `schema.cedarschema` and `tools.yaml`.
 *
 * @param calls what was seen: then `policies/observed.cedar` permits that and no more
 */
export function draftBundle(
  name: string,
  listed: readonly ListedTool[],
  calls: readonly ObservedCall[] = [],
): DraftedBundle {
  const tools = listed.map((tool): DraftedTool => ({ name: tool.name, opaque: opaqueOf(tool), ...guessTool(tool) }));
  const observed =
    calls.length === 0
      ? undefined
      : observedPolicies(
          calls,
          tools.map((tool, i) => ({ ...listed[i], ...tool })),
        );
  const identities = observed?.identities ?? [
    { type: 'User', id: 'user' },
    { type: 'Agent', id: 'agent' },
  ];
  const types = [...new Set(identities.map(({ type }) => type))];
  const others = types.filter((type) => !['User', 'Agent', 'Tool', 'AccessRequest'].includes(type)).sort();
  const own =
    others.length === 0 ? SCHEMA : SCHEMA.replace('\nentity Agent', `\nentity ${others.join(', ')};\nentity Agent`);
  const acting = ['Agent', 'User', ...others].sort();
  const files = new Map([
    ['writ.yaml', WRIT_YAML.replace('NAME', name)],
    ['schema.cedarschema', withGenerated(own, generatedSchema(listed, own, acting).text)],
    ['tools.yaml', [TOOLS_YAML, ...tools.map(toolText), DETECT].join('')],
    [
      'entities/identities.json',
      `[\n${identities.map((uid) => `  { "uid": ${JSON.stringify(uid)} }`).join(',\n')}\n]\n`,
    ],
    ...(observed === undefined ? [] : ([['policies/observed.cedar', observed.text]] as const)),
  ]);
  return { files, tools, seen: observed?.seen };
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

// The origins of the values of arguments. Integrity: 0 external, 1 attested, 2 internal, 3 system, 4 the user.
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
// The request that is approved, for policies on \`approve\`. \`owners\`: the owners of the identities on the path.
type Request = { owners: Set<User>, originator: User, action: String, template: String, step: Long };
action approve appliesTo { principal: [User], resource: [AccessRequest], context: { request: Request } };
type Ledger = { seen: Set<String>, calls: Long, reached: Long, paid: decimal };
`;

const TOOLS_YAML = `# Drafted by \`writ init\`: guesses from names. Look at each, and above all at what it says of results:
# external (others wrote it), attested (we know who), internal (ours), system (made by the tool itself).
tools:
`;

/** The classes whose forms are hard to mistake, and text that speaks to the model. */
const DETECT = `
# What all results are looked through for.
detect: { card: card, secret: secret, instructions: instructions, hidden-text: instructions }
`;

function toolText(tool: DraftedTool): string {
  const { name, because, effects, roles, isFromOutside, reads, writes, opaque } = tool;
  const described = {
    effects,
    ...(Object.keys(roles).length === 0 ? {} : { arguments: roles }),
    ...(opaque.length === 0 ? {} : { opaque }),
    ...defined({ reads, writes }),
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

/** Labels text that others wrote as external, except the fields that the server itself fills in, and the author that it names. */
const OUTSIDE = {
  $: 'external',
  '$..id': 'system',
  '$..id_': 'system',
  '$..email': 'attested',
  '$..sender': 'attested',
  '$..participants[*]': 'attested',
};
