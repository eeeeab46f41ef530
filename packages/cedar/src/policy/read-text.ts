import * as official from '#official';
import { CedarError, positionAt } from '../errors.js';
import { LONG_MAX, longOf } from '../values/long.js';
import { tokenPattern } from './lexical.js';
import { Nesting } from './nesting.js';

/** One policy or template of a policy text. */
export interface PolicyText {
  readonly id: string;
  readonly isTemplate: boolean;
  /** Cedar's JSON policy format. */
  readonly json: unknown;
  /** Where it begins in the text that it was read from. */
  readonly offset: number;
  readonly source: string;
}

interface Statement {
  readonly offset: number;
  readonly source: string;
  readonly hasSlot: boolean;
  readonly bigIntegers: readonly { readonly start: number; readonly end: number }[];
}

/**
 * Reads a policy text with the official parser. A policy is named by its `@id`, or `policy0`, `policy1`, … by its place
 * in the text.
 *
 * @throws {CedarError} `policy`, with the position in `text`
 */
export function readPolicyText(text: string): PolicyText[] {
  // Half a surrogate pair would reach the official engine as U+FFFD: another text.
  if (!text.isWellFormed()) throw new CedarError('policy', 'the text contains half of a surrogate pair');
  return split(text).map((statement, index) => {
    const json = parseOnce(text, statement);
    const annotations = (json as { annotations?: Record<string, string | null> }).annotations ?? {};
    return {
      id: annotations.id ?? `policy${index}`,
      isTemplate: statement.hasSlot,
      json,
      offset: statement.offset,
      source: statement.source,
    };
  });
}

const TOKEN = tokenPattern(/\?(?:principal|resource)\b/, /\|\|/, /&&/);

/** Splits at the semicolons that end statements: those outside strings and comments. */
function split(text: string): Statement[] {
  const statements: Statement[] = [];
  let start = -1;
  let hasSlot = false;
  let bigIntegers: { start: number; end: number }[] = [];
  let nesting = new Nesting(text, 'policy');
  for (const match of text.matchAll(TOKEN)) {
    const token = match[0];
    if (token.startsWith('//')) continue;
    nesting.token(token, match.index);
    if (start === -1) start = match.index;
    if (token.startsWith('?') && token.length > 1) hasSlot = true;
    if (/^[0-9]{16,}$/.test(token))
      bigIntegers.push({ start: match.index - start, end: match.index - start + token.length });
    if (token === ';') {
      statements.push({ offset: start, source: text.slice(start, match.index + 1), hasSlot, bigIntegers });
      start = -1;
      hasSlot = false;
      bigIntegers = [];
      nesting = new Nesting(text, 'policy');
    }
  }
  if (start !== -1) statements.push({ offset: start, source: text.slice(start), hasSlot, bigIntegers });
  return statements;
}

/** What statements parsed to, by their text: reloading a set of which one policy changed parses one. */
const parsed = new Map<string, unknown>();
const MAX_PARSED = 10_000;

function parseOnce(text: string, statement: Statement): unknown {
  let json = parsed.get(statement.source);
  if (json === undefined) {
    json = parse(text, statement);
    if (parsed.size >= MAX_PARSED) parsed.clear();
    parsed.set(statement.source, json);
  }
  return json;
}

/**
 * The wasm engine gives integers out as doubles, which loses digits past 2^53. Such a literal is handed to it as a
 * record under a key that no policy of this call contains, and put back afterwards.
 */
function parse(text: string, statement: Statement): unknown {
  let source = statement.source;
  // Of the statement, not the text: a bundle has thousands of statements.
  let marker = 'long';
  while (source.includes(marker)) marker += '_';
  for (const { start, end } of statement.bigIntegers.toReversed()) {
    source = `${source.slice(0, start)}{"${marker}":"${start} ${source.slice(start, end)}"}${source.slice(end)}`;
  }
  const answer = statement.hasSlot ? official.templateToJson(source) : official.policyToJson(source);
  if (answer.type === 'failure') return refuse(text, statement, answer.errors, source !== statement.source);
  if (statement.bigIntegers.length === 0) return answer.json;
  return restore(answer.json, marker, text, statement);
}

function refuse(
  text: string,
  statement: Statement,
  errors: readonly official.DetailedError[],
  changed: boolean,
): never {
  // Ask again with the text as it was written: the message and its position are then about that.
  const again = changed ? official.policyToJson(statement.source) : undefined;
  const error = (again?.type === 'failure' ? again.errors[0] : undefined) ?? errors[0];
  const location = error?.sourceLocations?.[0];
  const message = (error?.message ?? 'this policy does not parse').replace(
    /^failed to parse (policy|template) from string: /,
    '',
  );
  const start = location === undefined ? 0 : utf16Offset(statement.source, location.start);
  const offset = statement.offset + start;
  throw new CedarError('policy', message, {
    position: positionAt(text, offset),
    help: error?.help ?? location?.label ?? undefined,
  });
}

/** The official engine counts bytes of UTF-8; editors and JavaScript count UTF-16 units. */
export function utf16Offset(text: string, bytes: number): number {
  let seen = 0;
  let units = 0;
  for (const char of text) {
    if (seen >= bytes) break;
    const code = char.codePointAt(0) as number;
    seen += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    units += char.length;
  }
  return units;
}

function restore(json: unknown, marker: string, text: string, statement: Statement): unknown {
  const marked = (value: unknown): string | undefined => {
    const record = (value as { Record?: Record<string, { Value?: unknown }> } | null)?.Record;
    const mark = record?.[marker]?.Value;
    return typeof mark === 'string' ? mark : undefined;
  };
  const literal = (mark: string, sign: bigint): unknown => {
    const [start, digits] = mark.split(' ') as [string, string];
    const long = longOf(sign * BigInt(digits));
    if (long !== undefined) return { Value: long };
    throw new CedarError('policy', `integer literal \`${digits}\` is too large`, {
      position: positionAt(text, statement.offset + Number(start)),
      help: `the largest integer is ${LONG_MAX}`,
    });
  };
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const mark = marked(value);
    if (mark !== undefined) return literal(mark, 1n);
    const negated = marked((value as { neg?: { arg?: unknown } }).neg?.arg);
    if (negated !== undefined) return literal(negated, -1n);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]));
  };
  return walk(json);
}
