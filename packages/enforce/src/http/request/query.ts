import type { Parameter, ValueRule } from '../definition/service.js';
import { refuse } from './refusal.js';
import { decoded, hasControl, isEncodedAgain } from './segment.js';
import { parsedValue, requireAll, type Value } from './value.js';

type QueryValue = Value | readonly Value[] | Readonly<Record<string, Value>>;

/** The declared parameters of a query, and the query written with them alone. */
export interface Query {
  readonly values: Readonly<Record<string, QueryValue>>;
  /** Without the `?`; empty if there are no parameters. */
  readonly text: string;
}

const MAX_PAIRS = 500;

/**
 * Reads a query by the parameters that are declared.
 *
 * @throws {Refused} for another parameter, one that is repeated and no list, or a text with two readings
 */
export function queryOf(raw: string | undefined, declared: ReadonlyMap<string, Parameter>): Query {
  const values = new Map<string, QueryValue>();
  const written: string[] = [];
  const pairs = raw === undefined || raw === '' ? [] : raw.split('&');
  if (pairs.length > MAX_PAIRS) refuse('query_characters', `the query has more than ${MAX_PAIRS} parameters`);
  for (const pair of pairs) {
    if (pair === '') refuse('query_empty_pair', 'the query has nothing between two &');
    if (pair.includes(';')) refuse('query_semicolon', 'the query has a ;, which some servers divide it at');
    const at = pair.indexOf('=');
    const name = textOf(at === -1 ? pair : pair.slice(0, at), false);
    const text = at === -1 ? '' : pair.slice(at + 1);
    const [parameter, member] = parameterOf(name, declared);
    written.push(`${encodeURIComponent(name)}=${add(values, parameter, member, text)}`);
  }
  requireAll(declared, new Set(values.keys()), 'query parameter');
  for (const [name, { members }] of declared) {
    const given = values.get(name);
    if (given === undefined) continue;
    for (const [member, { isRequired }] of members)
      if (isRequired && !Object.hasOwn(given as object, member))
        refuse('parameter_missing', `the query parameter ${JSON.stringify(`${name}[${member}]`)} is missing`);
  }
  return { values: Object.fromEntries(values), text: written.join('&') };
}

/** Returns the parameter that a name means, and its member. */
function parameterOf(name: string, declared: ReadonlyMap<string, Parameter>): [Parameter, string | undefined] {
  if (/^_method$/i.test(name))
    refuse('method_override', 'the query has _method, which some servers take for the method');
  const own = declared.get(name);
  if (own !== undefined && own.form !== 'members') return [own, undefined];
  const [, base = '', member = ''] = /^([^[\]]+)\[([^[\]]+)\]$/.exec(name) ?? [];
  const object = declared.get(base);
  if (object?.form === 'members' && object.members.has(member)) return [object, member];
  return refuse('query_undeclared', `the query parameter ${JSON.stringify(name.slice(0, 80))} is not declared`);
}

/** Adds a value, and returns its text as it is forwarded. */
function add(values: Map<string, QueryValue>, parameter: Parameter, member: string | undefined, raw: string): string {
  const { name, form, value: rule } = parameter;
  const called = `the query parameter ${JSON.stringify(name)}`;
  const before = values.get(name);
  if (member !== undefined) {
    const object = (before ?? {}) as Record<string, Value>;
    if (Object.hasOwn(object, member)) refuse('parameter_repeated', `${called} has ${JSON.stringify(member)} twice`);
    const own = parameter.members.get(member) as ValueRule;
    const text = textOf(raw, own.isAddress);
    const value = parsedValue(text, own, called);
    values.set(name, { ...object, [member]: value });
    return encodeURIComponent(text);
  }
  if (before !== undefined && form !== 'repeated')
    refuse('parameter_repeated', `${called} is there twice, and is no list`);
  if (form === 'commas') {
    // A server that divides after decoding would have one more item.
    if (/%2c/i.test(raw)) refuse('parameter_value', `${called} has an encoded comma in a list that commas divide`);
    const texts = raw.split(',').map((one) => textOf(one, rule.isAddress));
    values.set(
      name,
      texts.map((text) => parsedValue(text, rule, called)),
    );
    return texts.map(encodeURIComponent).join(',');
  }
  const text = textOf(raw, rule.isAddress);
  const value = parsedValue(text, rule, called);
  if (form === 'repeated' && before !== undefined) (before as Value[]).push(value);
  else values.set(name, form === 'repeated' ? [value] : value);
  return encodeURIComponent(text);
}

function textOf(raw: string, isAddress: boolean): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(raw))
    refuse('query_percent', 'the query has a % that is not followed by two hexadecimal digits');
  if (/["<>]/.test(raw)) refuse('query_characters', 'the query has a character that has to be encoded');
  const text = decoded(raw.replaceAll('+', ' '));
  if (text === undefined)
    return refuse('query_utf8', 'the query has encoded bytes that are not UTF-8, or a longer form than they need');
  if (hasControl(text)) refuse('query_control', 'the query has an encoded control character');
  if (!isAddress && isEncodedAgain(text))
    refuse('query_double_encoding', 'the query has an encoding inside an encoding');
  return text;
}
