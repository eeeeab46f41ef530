import { parse } from 'yaml';

/** How a tool writes its results when they are text: found out by reading it, unless its description says. */
export type ResultFormat = 'json' | 'yaml' | 'lines' | 'text';

/** Longer text is not looked at for structure: it is one text. */
const MAX_STRUCTURED = 512 * 1024;

/**
 * What a tool answered, as a value with fields. A result of MCP is its `structuredContent`, or else its text; a text is read as what
 * it is written in. What cannot be read so is one text, which nothing but a description of the whole result describes.
 */
export function valueOfResult(result: unknown, format?: ResultFormat): unknown {
  const mcp = mcpResult(result);
  if (mcp === undefined) return typeof result === 'string' ? valueOfText(result, format) : result;
  const { structured, texts } = mcp;
  const values = texts.map((text) => valueOfText(text, format));
  if (structured === undefined) return values.length === 1 ? values[0] : values;
  return structured;
}

/** The texts of a result of MCP that its `structuredContent` does not say already. */
export function besides(result: unknown): readonly string[] {
  const mcp = mcpResult(result);
  if (mcp?.structured === undefined) return [];
  const said = JSON.stringify(mcp.structured);
  return mcp.texts.filter((text) => JSON.stringify(valueOfText(text, 'json')) !== said);
}

function mcpResult(result: unknown): { structured: unknown; texts: string[] } | undefined {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return undefined;
  const { content, structuredContent } = result as { content?: unknown; structuredContent?: unknown };
  if (!Array.isArray(content) || !content.every((block) => typeof (block as { type?: unknown })?.type === 'string'))
    return undefined;
  return { structured: structuredContent, texts: content.flatMap(textsOfBlock) };
}

/** What an agent reads of a block; of an image or a link, everything that is said about it. */
function textsOfBlock(block: Record<string, unknown>): string[] {
  if (block.type === 'text') return typeof block.text === 'string' ? [block.text] : [];
  const resource = block.resource as Record<string, unknown> | undefined;
  const said = [block.uri, block.name, block.title, block.description, resource?.uri, resource?.text];
  return said.filter((text): text is string => typeof text === 'string');
}

function valueOfText(text: string, format: ResultFormat | undefined): unknown {
  if (format === 'text' || text.length > MAX_STRUCTURED) return text;
  if (format === 'lines') return linesOf(text);
  const value = format === 'yaml' ? undefined : fromJson(text);
  if (value !== undefined) return value;
  return format === 'json' ? text : (fromYaml(text) ?? text);
}

function fromJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Only what is a list or a record; a text that happens to be YAML is a text. */
function fromYaml(text: string): unknown {
  if (!/^\s*[[{-]|^\s*[^\s:][^:\n]*:/.test(text)) return undefined;
  try {
    const value = parse(text, { maxAliasCount: 0, schema: 'core', uniqueKeys: true, logLevel: 'silent' }) as unknown;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A line `Name: value` is a record of that, so that a value has a field. */
function linesOf(text: string): unknown[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const named = /^([^:]{1,60}):\s+(\S.*)$/.exec(line);
      return named === null ? line.trim() : { [named[1] as string]: (named[2] as string).trim() };
    });
}
