import { hiddenIn, instructionsIn, readAs } from '@writ/sdk/lib/model-text';

/** A tool as its server lists it. */
export interface ToolDefinition {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema?: unknown;
  readonly [other: string]: unknown;
}

/** The suspicious features of the definition of a tool, by their stable names. */
const TOOL_FINDINGS = ['hidden-text', 'instructions', 'look-alike', 'shadows', 'names-other-tools'] as const;
export type ToolFinding = (typeof TOOL_FINDINGS)[number];

/**
 * Returns the suspicious features of a tool, compared with the others that are offered with it.
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
  if (texts.some((text) => hiddenIn(text).length > 0)) found.add('hidden-text');
  if (texts.some((text) => instructionsIn(text).length > 0)) found.add('instructions');
  // Hidden characters between letters do not hide the words.
  const said = texts.map(readAs);
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
