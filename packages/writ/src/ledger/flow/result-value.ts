import { parse } from 'yaml';
import { isPlainYaml } from './plain-yaml.js';

/** How a tool writes its results when they are text: found out by reading it, unless its description says. */
export type ResultFormat = 'json' | 'yaml' | 'lines' | 'text';

/** Longer text is not looked at for structure: it is one text. */
const MAX_STRUCTURED = 512 * 1024;

/** The answer of a tool, read once. */
export interface Answer {
  /** As a value with fields. */
  readonly value: unknown;
  /** The other texts of the answer. */
  readonly besides: readonly string[];
}

/**
 * Reads the answer of a tool. The value of an MCP result is its `structuredContent`; texts that say more are in `besides`. Without
 * `structuredContent` the value is its text, read by its format. A text that cannot be read is one value, which only a rule for the
 * whole result labels.
 */
export function readAnswer(result: unknown, format?: ResultFormat): Answer {
  const mcp = mcpResult(result);
  if (mcp === undefined)
    return { value: typeof result === 'string' ? valueOfText(result, format) : result, besides: [] };
  const { structured, texts } = mcp;
  if (structured !== undefined) {
    const said = JSON.stringify(structured);
    return { value: structured, besides: texts.filter((text) => JSON.stringify(valueOfText(text, 'json')) !== said) };
  }
  const values = texts.map((text) => valueOfText(text, format));
  return { value: values.length === 1 ? values[0] : values, besides: [] };
}

function mcpResult(result: unknown): { structured: unknown; texts: string[] } | undefined {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return undefined;
  const { content, structuredContent } = result as { content?: unknown; structuredContent?: unknown };
  if (!Array.isArray(content) || !content.every((block) => typeof (block as { type?: unknown })?.type === 'string'))
    return undefined;
  return { structured: structuredContent, texts: content.flatMap(textsOfBlock) };
}

/** Returns the text that an agent reads of a block; of an image or a link, all of its members. */
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
  if (!isPlainYaml(text) || !/^\s*[[{-]|^\s*[^\s:][^:\n]*:/.test(text)) return undefined;
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
