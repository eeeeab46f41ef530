import { Environment } from '@marcbachmann/cel-js';
import type { JSONPathQuery } from 'json-p3';
import { celProblem } from '../../lib/cel-problem.js';
import { compileJsonPath, wrongInPath } from '../../lib/json-path.js';
import { celValue } from '../cel.js';
import { ToolDescriptionError } from '../errors.js';
import type { DeclaredLabels, DeclaredTool } from './declared-tool.js';
import {
  CONFIDENTIALITY,
  type Confidentiality,
  INTEGRITY,
  type Integrity,
  type Labels,
  UNCLASSIFIED,
} from './labels.js';
import { fieldIn, type ReaderRule, readerRuleOf } from './reader-rules.js';
import { isReaderLabel } from './readers.js';

/** A rule on a part of a result. */
export interface ResultRule {
  readonly path: string;
  readonly query: JSONPathQuery;
  /** Whether it is about the keys of the members that the path finds, and not about their values: `$.shared_with.*~`. */
  readonly ofKeys: boolean;
  readonly integrity: Integrity | undefined;
  readonly confidentiality: Confidentiality | undefined;
  readonly names: readonly string[];
  readonly kind: string | undefined;
  /** Its readers beside its owner. */
  readonly readers: ReaderRule | undefined;
  /** The groups of readers that the value is a member of. */
  readonly clears: readonly string[];
  /** The members of the record in which its sender is. */
  readonly sentBy: readonly string[] | undefined;
  readonly when: ((about: RuleSubject) => boolean) | undefined;
}

/** The subject of a condition. */
export interface RuleSubject {
  readonly input: unknown;
  readonly result: unknown;
  /** The innermost record that the value is in. */
  readonly record: unknown;
  /** The name of the member, or the index, that the value is; null for the whole result. */
  readonly key: string | number | null;
  readonly value: unknown;
}

/** Returns the rules on the result of a tool. @throws {ToolDescriptionError} if a path, a condition or a label is wrong */
export function rulesOf(tool: string, declared: DeclaredTool['result']): ResultRule[] {
  if (declared === undefined) return [];
  const isWhole = !isByPath(declared);
  const byPath = isWhole ? { $: declared as DeclaredLabels } : declared;
  return Object.entries(byPath).flatMap(([path, labels]) => {
    const ofKeys = path.endsWith('~');
    const at = ['result', ...(isWhole ? [] : [path])];
    const query = queryOf(tool, ofKeys ? path.slice(0, -1) : path, at);
    const several = Array.isArray(labels) && labels.some((one) => typeof one === 'object');
    const all = (several ? labels : [labels]) as readonly DeclaredLabels[];
    return all.map((one, i): ResultRule => {
      const where = { text: `${tool}: ${path}`, at: several ? [...at, i] : at };
      const { when, readers, sentBy, ...said } = wordsIn(where, one);
      return {
        path,
        query,
        ofKeys,
        ...said,
        readers: readers && readerRuleOf(where.text, readers, [...where.at, 'readers']),
        sentBy: sentBy === undefined ? undefined : senderFieldOf(where, sentBy),
        when: when === undefined ? undefined : conditionOf(where, when),
      };
    });
  });
}

function senderFieldOf(where: Where, said: string): readonly string[] {
  const field = fieldIn(said);
  if (field === undefined)
    throw new ToolDescriptionError(`${where.text}: ${said} is no field of a record`, 'as in record.sender', {
      path: [...where.at, 'sentBy'],
    });
  return field;
}

function isByPath(
  declared: NonNullable<DeclaredTool['result']>,
): declared is Readonly<Record<string, DeclaredLabels | readonly DeclaredLabels[]>> {
  return (
    typeof declared === 'object' && !Array.isArray(declared) && Object.keys(declared).some((key) => key.startsWith('$'))
  );
}

interface SaidLabels {
  readonly integrity: Integrity | undefined;
  readonly confidentiality: Confidentiality | undefined;
  readonly names: readonly string[];
  readonly kind: string | undefined;
  readonly readers: readonly string[] | undefined;
  readonly clears: readonly string[];
  readonly sentBy: string | undefined;
  readonly when: string | undefined;
}

const NO_MORE = { kind: undefined, readers: undefined, clears: [], sentBy: undefined, when: undefined };

/** A part of the description of a tool: as messages name it, and the way to it. */
interface Where {
  readonly text: string;
  readonly at: readonly PropertyKey[];
}

/** The word `internal` alone says both: of our own, and for our own. */
function wordsIn(where: Where, declared: DeclaredLabels): SaidLabels {
  if (typeof declared === 'object' && !Array.isArray(declared)) {
    const {
      integrity,
      confidentiality,
      labels = [],
      clears = [],
      ...more
    } = declared as Exclude<DeclaredLabels, string | readonly string[]>;
    checkNames({ ...where, at: [...where.at, 'labels'] }, labels);
    const { kind, readers, sentBy, when } = more;
    return { integrity, confidentiality, names: [...labels].sort(), kind, readers, clears, sentBy, when };
  }
  let integrity: Integrity | undefined;
  let confidentiality: Confidentiality | undefined;
  const names: string[] = [];
  for (const word of [declared].flat() as string[]) {
    if (word === 'user')
      throw new ToolDescriptionError(`${where.text}: no result is the user's`, 'only the prompt is', {
        path: where.at,
      });
    if ((INTEGRITY as readonly string[]).includes(word)) integrity = word as Integrity;
    else if ((CONFIDENTIALITY as readonly string[]).includes(word)) confidentiality = word as Confidentiality;
    else names.push(word);
  }
  if (integrity === 'internal' && confidentiality === undefined) confidentiality = 'internal';
  checkNames(where, names);
  return { ...NO_MORE, integrity, confidentiality, names: names.sort() };
}

function checkNames(where: Where, names: readonly string[]): void {
  const taken = names.find(isReaderLabel);
  if (taken !== undefined)
    throw new ToolDescriptionError(
      `${where.text}: no label has the form of ${taken}`,
      'say who may read it in `readers`',
      { path: where.at },
    );
}

/** Returns labels as they are declared. @throws {ToolDescriptionError} if one is wrong */
export function labelsOf(where: Where, declared: DeclaredLabels): Labels {
  const { integrity, confidentiality, names } = wordsIn(where, declared);
  return {
    integrity: integrity ?? UNCLASSIFIED.integrity,
    confidentiality: confidentiality ?? UNCLASSIFIED.confidentiality,
    names,
  };
}

/** @param at the way to the path, which is a key of the description */
export function queryOf(tool: string, path: string, at: readonly PropertyKey[]): JSONPathQuery {
  const wrong = wrongInPath(path);
  if (wrong !== undefined)
    throw new ToolDescriptionError(
      `${tool}: ${path} is not a JSONPath: ${wrong.message}`,
      'as in $.items[*].name (RFC 9535)',
      { path: at, isKey: true, offset: wrong.offset },
    );
  return compileJsonPath(path);
}

const cel = new Environment({ unlistedVariablesAreDyn: false, enableOptionalTypes: true })
  .registerVariable('input', 'dyn')
  .registerVariable('result', 'dyn')
  .registerVariable('record', 'dyn')
  .registerVariable('key', 'dyn')
  .registerVariable('value', 'dyn');

/** Throws what CEL throws; the value is then unclassified for the caller. */
function conditionOf({ text: part, at }: Where, text: string): (about: RuleSubject) => boolean {
  const where = `${part}: \`when\``;
  const path = [...at, 'when'];
  let run: ReturnType<typeof cel.parse>;
  try {
    run = cel.parse(text);
  } catch (error) {
    const { message, help, offset } = celProblem(error, cel);
    throw new ToolDescriptionError(`${where} is not CEL: ${message}`, help, { path, offset });
  }
  const { valid, error: wrong, type = 'dyn' } = run.check();
  if (!valid) {
    const { message, help, offset } = celProblem(wrong, cel);
    throw new ToolDescriptionError(`${where}: ${message}`, help, { path, offset });
  }
  if (!/^(bool|dyn)$/.test(type))
    throw new ToolDescriptionError(`${where} gives ${type}`, 'it must give true or false', { path });
  return (about) => {
    const { input, result, record, key, value } = about;
    return (
      run({
        ...{ input: celValue(input), result: celValue(result), record: celValue(record) },
        ...{ key: celValue(key), value: celValue(value) },
      }) === true
    );
  };
}
