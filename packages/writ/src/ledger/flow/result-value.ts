import { parse } from 'yaml';
import { partsOf } from './answer-parts.js';
import { isPlainYaml } from './plain-yaml.js';

/** How a tool writes its results when they are text. By default JSON is read, and any other text is one text. */
export type ResultFormat = 'json' | 'yaml' | 'lines' | 'text';

/** Longer text is not looked at for structure: it is one text. */
const MAX_STRUCTURED = 512 * 1024;

/** The answer of a tool, read once. */
export interface Answer {
  /** As a value with fields. */
  readonly value: unknown;
  /** The other things that the answer says. Only rules for the whole result label them. */
  readonly rest: readonly unknown[];
  /** The places in the value of texts without structure: a rule for a part of the answer can be about any part of them. */
  readonly texts: readonly (readonly number[])[];
  /** Whether a part of it cannot be looked through: an image, a recording, a file. */
  readonly isOpaque: boolean;
}

/**
 * Reads the answer of a tool. The value of an MCP result is its `structuredContent`; texts that say more, and all other members, are in
 * `rest`. Without `structuredContent` the value is its text, read by its format. A text that cannot be read is one value, with the
 * labels of every rule.
 */
export function readAnswer(result: unknown, format?: ResultFormat): Answer {
  const { said, structured, texts, rest, isOpaque } = partsOf(result);
  if (texts === undefined) {
    const value = typeof said === 'string' ? valueOfText(said, format) : said;
    return { value, rest, texts: typeof value === 'string' ? [[]] : [], isOpaque };
  }
  if (structured !== undefined) {
    const same = JSON.stringify(structured);
    const more = texts.filter((text) => JSON.stringify(valueOfText(text, 'json')) !== same);
    return { value: structured, rest: [...more, ...rest], texts: [], isOpaque };
  }
  const values = texts.map((text) => valueOfText(text, format));
  const isOne = values.length === 1;
  const places = values.flatMap((value, i) => (typeof value === 'string' ? [isOne ? [] : [i]] : []));
  return { value: isOne ? values[0] : values, rest, texts: places, isOpaque };
}

function valueOfText(text: string, format: ResultFormat | undefined): unknown {
  if (format === 'text' || text.length > MAX_STRUCTURED) return text;
  if (format === 'lines') return linesOf(text);
  return fromJson(text) ?? (format === 'yaml' ? fromYaml(text) : undefined) ?? text;
}

function fromJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Only a list or a record, and only if the description says so: a stranger can make any text YAML, and YAML is slow to read. */
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
