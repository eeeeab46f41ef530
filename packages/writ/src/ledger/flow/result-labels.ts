import { join, type Labels, labelsNamed } from './labels.js';
import type { Answer } from './result-value.js';
import type { ResultRule, RuleSubject, ToolDescription } from './tool-description.js';

/** A value in a result, with what is known of it. */
export interface Leaf {
  /** The path, as `$.items[0].name`. */
  readonly at: string;
  readonly value: string | number;
  readonly labels: Labels;
  readonly kind: string | undefined;
}

/** The most values of a result; the rest is one text, so that the work is bounded for every answer. */
const MAX_LEAVES = 20_000;
const MAX_DEPTH = 64;

type Location = readonly (string | number)[];

/** A rule that applies from one place on. */
interface Claim {
  readonly rule: ResultRule;
  readonly depth: number;
  /** Its condition could not be worked out: then it says that nothing is known. */
  readonly failed: boolean;
}

/**
 * Returns the values of a result with their labels. Of the rules that apply to a value, the deepest sets its integrity and its
 * confidentiality; two at one place both count. The names of all of them are added. A value that no rule reaches is unclassified.
 *
 * @param stored the labels of what it was read from
 */
export function leavesOf(
  tool: ToolDescription,
  input: unknown,
  { value, besides }: Answer,
  stored: readonly string[],
): Leaf[] {
  const claims = claimsOn(tool, input, value);
  const kept = stored.length === 0 ? undefined : labelsNamed(stored);
  const walk = new Walk(claims, tool.unclassified, kept);
  walk.visit(value, [], []);
  for (const text of besides) walk.visit(text, ['text'], claims.get('[]') ?? []);
  return walk.leaves;
}

/** Returns the part of a result past the limit, as one text. */
function restOf(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    return TOO_DEEP;
  }
}

const TOO_DEEP = '(nested too deep)';

/** By the place, as JSON. */
function claimsOn({ rules }: ToolDescription, input: unknown, result: unknown): Map<string, Claim[]> {
  const claims = new Map<string, Claim[]>();
  for (const rule of rules) {
    const nodes = nodesOf(rule, result);
    if (nodes === undefined) claims.set('[]', [...(claims.get('[]') ?? []), { rule, depth: 0, failed: true }]);
    for (const { location, value } of nodes ?? []) {
      const place = location as Location;
      const applies =
        rule.when === undefined ? true : holds(rule.when, { input, result, record: recordAt(result, place), value });
      if (applies === false) continue;
      const key = JSON.stringify(place);
      const there = claims.get(key) ?? [];
      there.push({ rule, depth: place.length, failed: applies === 'failed' });
      claims.set(key, there);
    }
  }
  return claims;
}

/** Undefined when the result is nested deeper than can be searched: then nothing is known of any of it. */
function nodesOf({ query }: ResultRule, result: unknown): readonly { location: unknown; value: unknown }[] | undefined {
  try {
    return query.query(result as never).nodes;
  } catch {
    return undefined;
  }
}

function holds(when: (about: RuleSubject) => boolean, about: RuleSubject): boolean | 'failed' {
  try {
    return when(about);
  } catch {
    return 'failed';
  }
}

/** The innermost record that a place is in, or is. */
function recordAt(result: unknown, place: Location): unknown {
  let at = result;
  let record: unknown = isRecord(result) ? result : null;
  for (const step of place) {
    at = (at as Record<string | number, unknown> | undefined)?.[step];
    if (isRecord(at)) record = at;
  }
  return record;
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

class Walk {
  readonly leaves: Leaf[] = [];

  constructor(
    private readonly claims: ReadonlyMap<string, readonly Claim[]>,
    private readonly unclassified: Labels,
    private readonly stored: Labels | undefined,
  ) {}

  visit(value: unknown, place: Location, above: readonly Claim[]): void {
    const own = this.claims.get(JSON.stringify(place)) ?? [];
    const claims = own.length === 0 || own === above ? above : [...above, ...own];
    if (typeof value === 'object' && value !== null) {
      if (place.length >= MAX_DEPTH || this.leaves.length >= MAX_LEAVES) {
        this.add(restOf(value), place, claims);
        return;
      }
      const isList = Array.isArray(value);
      for (const [key, item] of Object.entries(value)) {
        // A name of a member is a value too: some tools answer { "<name>": … }.
        if (!isList) this.add(key, place, claims);
        this.visit(item, [...place, isList ? Number(key) : key], claims);
      }
      return;
    }
    if (typeof value === 'string' ? value !== '' : typeof value === 'number') {
      this.add(value as string | number, place, claims);
    } else if (typeof value === 'bigint') {
      this.add(String(value), place, claims);
    }
  }

  private add(value: string | number, place: Location, claims: readonly Claim[]): void {
    this.leaves.push({ at: pathText(place), value, ...this.labelled(claims) });
  }

  private labelled(claims: readonly Claim[]): Pick<Leaf, 'labels' | 'kind'> {
    let integrity: Labels | undefined;
    let confidentiality: Labels | undefined;
    let [integrityDepth, confidentialityDepth] = [-1, -1];
    let kind: string | undefined;
    const names: string[] = [];
    let isUnknown = false;
    for (const { rule, depth, failed } of claims) {
      isUnknown ||= failed;
      names.push(...rule.names);
      if (failed) continue;
      kind = rule.kind ?? kind;
      if (rule.integrity !== undefined && depth >= integrityDepth) {
        const said: Labels = { integrity: rule.integrity, confidentiality: 'public', names: [] };
        integrity = depth === integrityDepth && integrity !== undefined ? join(integrity, said) : said;
        integrityDepth = depth;
      }
      if (rule.confidentiality !== undefined && depth >= confidentialityDepth) {
        const said: Labels = { integrity: 'user', confidentiality: rule.confidentiality, names: [] };
        confidentiality =
          depth === confidentialityDepth && confidentiality !== undefined ? join(confidentiality, said) : said;
        confidentialityDepth = depth;
      }
    }
    let labels: Labels = {
      integrity: integrity?.integrity ?? this.unclassified.integrity,
      confidentiality: confidentiality?.confidentiality ?? this.unclassified.confidentiality,
      names: [...new Set([...names, ...(claims.length === 0 ? this.unclassified.names : [])])].sort(),
    };
    if (isUnknown) labels = join(labels, this.unclassified);
    if (this.stored !== undefined) labels = join(labels, this.stored);
    return { labels, kind };
  }
}

function pathText(place: Location): string {
  return `$${place.map((step) => (typeof step === 'number' ? `[${step}]` : /^\w+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`)).join('')}`;
}
