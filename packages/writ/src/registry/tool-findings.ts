/** A tool as its server lists it. */
export interface ToolDefinition {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema?: unknown;
  readonly [other: string]: unknown;
}

/** What is suspicious about the definition of a tool, by its stable name. */
export const TOOL_FINDINGS = ['hidden-text', 'instructions', 'look-alike', 'shadows', 'names-other-tools'] as const;
export type ToolFinding = (typeof TOOL_FINDINGS)[number];

/**
 * Characters that a person does not see and a model reads: tags, zero width, variation selectors beyond emoji, controls of direction. A
 * joiner between letters of scripts that need it is not one.
 */
const HIDDEN =
  /[\u{E0000}-\u{E007F}\u200B\u2060-\u2064\u202A-\u202E\u2066-\u2069\uFEFF\u00AD\u180E\u3164\uFFA0]|[\u{E0100}-\u{E01EF}]/u;

/** Texts that speak to the model instead of describing the tool. Heuristics: what they find, a person looks at. */
const INSTRUCTIONS: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|other|all|any|system)\b.{0,20}\b(?:instructions?|prompts?|rules?|messages?)\b/is,
  /\bdo(?:n[o']t| not)\b.{0,30}\b(?:tell|mention|inform|show|reveal|notify|alert)\b.{0,30}\b(?:user|human|anyone|anybody|them)\b/is,
  /<\s*\/?\s*(?:important|system|instructions?|secret|hidden|admin)\s*>/i,
  /\b(?:before|after|when(?:ever)?)\b.{0,30}\b(?:using|calling|invoking)\b.{0,40}\b(?:this|any|another|other)\b.{0,20}\btools?\b.{0,60}\b(?:must|always|first|read|call|send|include)\b/is,
  /\b(?:read|include|attach|send|pass)\b.{0,40}(?:~\/\.|\.ssh\b|id_rsa|\.env\b|\bcredentials?\b|\bapi[ _-]?keys?\b|mcp\.json|\bconversation\b|\bchat history\b)/is,
  /\byou (?:must|are required to|have to) (?:always |first |never )?(?:call|use|read|send|include|prefer)\b/i,
];

/**
 * What is suspicious about a tool, beside the others that are offered with it.
 *
 * @param others the tools of all servers, this one too or not
 */
export function findingsOf(
  server: string,
  tool: ToolDefinition,
  others: readonly { readonly server: string; readonly tool: ToolDefinition }[],
): ToolFinding[] {
  const found = new Set<ToolFinding>();
  const texts = textsOf(tool, 0);
  if (texts.some((text) => HIDDEN.test(text))) found.add('hidden-text');
  // What is hidden between letters does not hide what they say.
  const said = texts.map((text) => text.replace(new RegExp(HIDDEN.source, 'gu'), '').normalize('NFKC'));
  if (said.some((text) => INSTRUCTIONS.some((pattern) => pattern.test(text)))) found.add('instructions');
  if (/[^\p{ASCII}]/u.test(tool.name)) found.add('look-alike');
  for (const other of others) {
    if (other.server === server) continue;
    if (other.tool.name === tool.name) found.add('shadows');
    else if (skeletonOf(other.tool.name) === skeletonOf(tool.name)) found.add('look-alike');
    else if (other.tool.name.length >= 6 && said.some((text) => names(text, other.tool.name)))
      found.add('names-other-tools');
  }
  return [...found].sort();
}

/** A name without what is easily taken for something else (of UTS 39 what names of tools have). */
function skeletonOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}\s_.-]/gu, '')
    .replace(/[0оοօ]/gu, 'o')
    .replace(/[1lіɩι|]/gu, 'i')
    .replace(/[аα]/gu, 'a')
    .replace(/[еε]/gu, 'e')
    .replace(/[сϲ]/gu, 'c')
    .replace(/[рρ]/gu, 'p')
    .replace(/[хχ]/gu, 'x')
    .replace(/[уγ]/gu, 'y')
    .replace(/[ѕ]/gu, 's')
    .replace(/rn/gu, 'm')
    .replace(/vv/gu, 'w');
}

function names(text: string, tool: string): boolean {
  return new RegExp(`(?<![\\w-])${tool.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`).test(text);
}

const MAX_DEPTH = 32;

/** Every text of a definition, names of fields too: a model reads all of them. */
function textsOf(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((one) => textsOf(one, depth + 1));
  return Object.entries(value).flatMap(([name, one]) => [name, ...textsOf(one, depth + 1)]);
}
