import { METHOD_OVERRIDES, SINGLE } from './header-names.js';
import { refuse } from './refusal.js';

/** The headers of a request, as they stood there. */
export interface HeaderList {
  /** In order; names in lower case. */
  readonly all: readonly (readonly [name: string, value: string])[];
  /** Returns the values of a header, in order. */
  of(name: string): readonly string[];
  /** Returns the value of a header that a request has at most once. */
  one(name: string): string | undefined;
}

const MAX_HEADERS = 200;
const NAME = /^[A-Za-z0-9-]+$/;
/** Visible ASCII, spaces and tabs: other bytes are of no one character set. */
const VALUE = /^[\t -~]*$/;

/**
 * Reads a list of headers as the connection had it.
 *
 * @param raw names and values in turn, as `rawHeaders` of Node
 * @throws {Refused} for names with another spelling at some servers, values with two readings, and headers that are repeated
 */
export function headerListOf(raw: readonly string[]): HeaderList {
  if (raw.length % 2 !== 0) refuse('header_name', 'a header has no value');
  if (raw.length > 2 * MAX_HEADERS) refuse('header_count', `the request has more than ${MAX_HEADERS} headers`);
  const all: [string, string][] = [];
  const values = new Map<string, string[]>();
  for (let i = 0; i < raw.length; i += 2) {
    const [name, value] = [raw[i] as string, (raw[i + 1] as string).replace(/^[\t ]+|[\t ]+$/g, '')];
    if (!NAME.test(name))
      refuse('header_name', `the name of the header ${JSON.stringify(name.slice(0, 80))} is not letters, digits and -`);
    const key = name.toLowerCase();
    if (METHOD_OVERRIDES.has(key)) refuse('method_override', `the header ${key} names another method`);
    if (!VALUE.test(value)) refuse('header_value', `the header ${key} has a control character, or one outside ASCII`);
    const known = values.get(key);
    if (known !== undefined && SINGLE.has(key)) refuse('header_repeated', `the header ${key} is there twice`);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
    all.push([key, value]);
  }
  return {
    all,
    of: (name) => values.get(name) ?? [],
    one: (name) => values.get(name)?.[0],
  };
}
