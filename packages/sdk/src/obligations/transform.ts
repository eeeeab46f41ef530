import canonicalize from 'canonicalize';
import { compile, type JSONPathQuery, type JSONValue } from 'json-p3';
import type { Obligation } from '../authzen/decision.js';
import type { Change } from '../authzen/outcome.js';
import { TRANSFORMS, type Transform } from '../authzen/transforms.js';
import type { Span } from '../lib/model-text.js';
import { ObligationError } from './errors.js';

/** The value that changes: the arguments before they are forwarded, or the result before it is handed on. */
type Side = Change['on'];

const IS_TRANSFORM: ReadonlySet<string> = new Set(TRANSFORMS);
/** The side if an obligation does not name it: arguments are capped and replaced, results are redacted. */
const USUAL_SIDE: Readonly<Record<Transform, Side>> = {
  redact: 'result',
  cap: 'input',
  replace: 'input',
  'drop-field': 'result',
  watermark: 'result',
};
const REDACTED = '[redacted]';

/** Returns where a class of data is in a text. */
export type FindSpans = (wanted: string, text: string) => Promise<readonly Span[]>;

/** Finds no class of data: an obligation on one cannot be carried out. */
export const findsNothing: FindSpans = (wanted) =>
  Promise.reject(new ObligationError(`nothing here can find ${wanted} in texts`));

/** Returns the obligations that change this side. @throws {ObligationError} if a type is unknown */
export function obligationsOn(side: Side, obligations: readonly Obligation[]): readonly Obligation[] {
  for (const { id, type } of obligations)
    if (!IS_TRANSFORM.has(type)) throw new ObligationError(`${id} is a ${type}, which cannot be carried out here`);
  return obligations.filter(({ type, properties }) => (properties.on ?? USUAL_SIDE[type as Transform]) === side);
}

/** Returns whether an obligation applies to a text as a whole, so that the text need not be parsed. */
export function isOfTexts({ type, properties }: Obligation): boolean {
  return properties.path === undefined && (properties.class !== undefined || type === 'watermark');
}

/**
 * Carries out an obligation on a value. @returns the changed value; the value itself if the path matches nothing
 *
 * @param find finds the classes of data that `redact` removes
 * @throws {ObligationError} if the obligation cannot be carried out on this value
 */
export async function applyObligation(
  value: unknown,
  { id, type, properties }: Obligation,
  find: FindSpans,
): Promise<unknown> {
  const { path, class: wanted } = properties;
  const places = placesIn(id, value, typeof path === 'string' ? path : '$');
  switch (type as Transform) {
    case 'redact':
      return wanted === undefined
        ? withEach(value, places, () => properties.with ?? REDACTED)
        : eachAsync(value, places, (one) =>
            redactedTexts(one, { wanted: String(wanted), instead: String(properties.with ?? REDACTED), find }),
          );
    case 'cap':
      return withEach(value, places, (one) => {
        const { max } = properties;
        if (typeof one !== 'number' || typeof max !== 'number')
          throw new ObligationError(`${id}: what it caps is not a number`);
        return Math.min(one, max);
      });
    case 'replace':
      return withEach(value, places, () => properties.value);
    case 'drop-field':
      return without(id, value, places);
    case 'watermark':
      return withEach(value, places, (one) => {
        if (typeof one !== 'string') throw new ObligationError(`${id}: what it marks is not a text`);
        return `${one}${one === '' || one.endsWith('\n') ? '' : '\n'}${String(properties.text)}`;
      });
    default:
      throw new ObligationError(`${id} is a ${type}, which cannot be carried out here`);
  }
}

/** Returns what is recorded of a change: the value before and after it, as keyed hashes. */
export function changeOf(
  { id, type }: Obligation,
  on: Side,
  before: unknown,
  after: unknown,
  hash: (text: string) => string,
): Change {
  const hashed = (value: unknown): string => hash(canonicalize(value ?? null) ?? '');
  return { obligation: id, type, on, before: hashed(before), after: hashed(after) };
}

type Location = readonly (string | number)[];
const compiled = new Map<string, JSONPathQuery>();

/** @throws {ObligationError} if the value is nested too deeply, or the path is invalid */
function placesIn(id: string, value: unknown, path: string): Location[] {
  try {
    let query = compiled.get(path);
    if (query === undefined) {
      query = compile(path.startsWith('$') ? path : `$.${path}`);
      compiled.set(path, query);
    }
    return query.query(value as JSONValue).nodes.map(({ location }) => location as Location);
  } catch (error) {
    throw new ObligationError(`${id}: ${path} cannot be looked for: ${(error as Error).message}`);
  }
}

function withEach(value: unknown, places: readonly Location[], change: (one: unknown) => unknown): unknown {
  let changed = value;
  for (const place of places) changed = setAt(changed, place, 0, change);
  return changed;
}

async function eachAsync(
  value: unknown,
  places: readonly Location[],
  change: (one: unknown) => Promise<unknown>,
): Promise<unknown> {
  let changed = value;
  for (const place of places) {
    let found: unknown;
    setAt(changed, place, 0, (one) => {
      found = one;
      return one;
    });
    const after = await change(found);
    changed = setAt(changed, place, 0, () => after);
  }
  return changed;
}

/** Returns a value with another one at a place. Objects that are not on the way stay the same. */
function setAt(value: unknown, place: Location, at: number, change: (one: unknown) => unknown): unknown {
  if (at === place.length) return change(value);
  const step = place[at] as string | number;
  if (Array.isArray(value)) return value.map((one, i) => (i === step ? setAt(one, place, at + 1, change) : one));
  const record = value as Record<string, unknown>;
  return { ...record, [step]: setAt(record[step], place, at + 1, change) };
}

/** Drops the last place first, so that the earlier places stay valid. */
function without(id: string, value: unknown, places: readonly Location[]): unknown {
  let changed = value;
  for (const place of [...places].sort(behindFirst)) {
    const last = place[place.length - 1];
    if (last === undefined) throw new ObligationError(`${id}: it drops everything; name a field`);
    changed = setAt(changed, place.slice(0, -1), 0, (parent) => {
      if (Array.isArray(parent)) return parent.filter((_one, i) => i !== last);
      const { [last]: _dropped, ...rest } = parent as Record<string, unknown>;
      return rest;
    });
  }
  return changed;
}

function behindFirst(a: Location, b: Location): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const [left, right] = [a[i], b[i]];
    if (left === right) continue;
    return typeof left === 'number' && typeof right === 'number' ? right - left : String(left) < String(right) ? 1 : -1;
  }
  return b.length - a.length;
}

interface Redaction {
  readonly wanted: string;
  readonly instead: string;
  readonly find: FindSpans;
}

/** Redacts a class of data in all texts of a value, names of fields too. */
async function redactedTexts(value: unknown, by: Redaction): Promise<unknown> {
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value);
    const spans = await by.find(by.wanted, text);
    if (spans.length === 0) return value;
    let redacted = text;
    for (const { start, end } of [...spans].sort((a, b) => b.start - a.start))
      redacted = redacted.slice(0, start) + by.instead + redacted.slice(end);
    return redacted;
  }
  if (Array.isArray(value)) return Promise.all(value.map((one) => redactedTexts(one, by)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = await Promise.all(
    Object.entries(value).map(async ([name, one]) => [await redactedTexts(name, by), await redactedTexts(one, by)]),
  );
  return Object.fromEntries(entries);
}
