import { remembering } from '../../lib/remembering.js';
import { join, type Labels } from './labels.js';
import { clauseFor } from './reader-rules.js';
import { OWNER_ONLY, togetherOf } from './readers.js';
import type { ResultRule, RuleSubject } from './result-rules.js';
import type { Answer } from './result-value.js';
import { withSenders } from './senders.js';
import { type AnswerPart, StoredInAnswer } from './stored-in-answer.js';
import { NOTHING_STORED, type StoredLabels } from './stored-labels.js';
import type { ToolDescription } from './tool-description.js';

/** A value in a result, with what is known of it. */
export interface Leaf {
  /** The path, as `$.items[0].name`. */
  readonly at: string;
  readonly value: string | number | boolean;
  readonly labels: Labels;
  readonly kind: string | undefined;
  /** Whether others may have chosen it: a name, or the key of a record. It then confers no more than `attested`. */
  readonly isName?: true;
  /** Whether the arguments of its call were not ours alone: the value can be made of them in a way that is not seen. */
  readonly isSteered?: true;
  /** Whether its description says that the tool itself gives it out, as an id. */
  readonly isGiven?: true;
  /** The groups of readers that it is a member of, if it is of our own. */
  readonly clears?: readonly string[];
  /** The domain of its sender, which the server has checked. */
  readonly sentBy?: string;
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
  /** The clause of its readers; undefined if it says none. */
  readonly readers: string | undefined;
  /** The place of the field with its sender; undefined if it says none. */
  readonly senderAt?: string | undefined;
}

/**
 * Returns the values of a result with their labels. Of the rules that apply to a value, the deepest sets its integrity and its
 * confidentiality; two at one place both count. The names of all of them are added. A value that no rule reaches is unclassified.
 *
 * @param stored the labels of what it was read from; labels alone are on all of it
 */
export function leavesOf(
  tool: ToolDescription,
  input: unknown,
  { value, rest, texts }: Pick<Answer, 'value' | 'rest' | 'texts'>,
  stored: StoredLabels | readonly string[] = NOTHING_STORED,
): Leaf[] {
  const claims = claimsOn(tool, input, value);
  const onTexts = claimsOnTexts(tool);
  for (const place of texts) claims.set(keyOf(place), onTexts);
  const walk = new Walk(
    claims,
    tool.unclassified,
    new StoredInAnswer(isLabels(stored) ? { ...NOTHING_STORED, all: stored } : stored),
    new Set(texts.map(keyOf)),
  );
  walk.visitAll(value);
  for (const one of rest) walk.labelAll(one, ['text'], onTexts);
  return walk.senderAt.size === 0 ? walk.leaves : withSenders(walk.leaves, walk.senderAt);
}

function isLabels(stored: StoredLabels | readonly string[]): stored is readonly string[] {
  return Array.isArray(stored);
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
    if (nodes === undefined) claims.set('[]', [...(claims.get('[]') ?? []), { ...FAILED, rule }]);
    for (const node of nodes ?? []) {
      const place = node.location as Location;
      const name = place.at(-1) ?? null;
      if (rule.ofKeys && typeof name !== 'string') continue;
      const value = rule.ofKeys ? name : node.value;
      const record = recordAt(result, place);
      const about = { input, result, record, key: name, value };
      const applies = rule.when === undefined ? true : holds(rule.when, about);
      if (applies === false) continue;
      const key = rule.ofKeys ? keyPlace(place) : keyOf(place);
      const there = claims.get(key) ?? [];
      const readers = rule.readers && clauseFor(rule.readers, record);
      const senderAt = rule.sentBy && pathText([...recordPlace(result, place), ...rule.sentBy]);
      there.push({ rule, depth: place.length, failed: applies === 'failed', readers, senderAt });
      claims.set(key, there);
    }
  }
  return claims;
}

const FAILED = { depth: 0, failed: true, readers: undefined } as const;

const OF_KEY = '~';

/** Returns the name under which the claims on the key of a member are kept. */
function keyPlace(place: Location): string {
  return `${OF_KEY}${JSON.stringify(place)}`;
}

/** Returns the claims on a text without structure: it can hold every part that a rule is about, and others. */
function claimsOnTexts({ rules }: ToolDescription): Claim[] {
  const isWhole = rules.some(({ path, when }) => path === '$' && when === undefined);
  return rules.flatMap((rule): Claim[] => {
    // It may be of any record, or of none.
    const readers = rule.readers && (rule.path === '$' ? clauseFor(rule.readers, undefined) : OWNER_ONLY);
    const claim = { rule: { ...rule, kind: undefined, clears: [] }, depth: 0, failed: false, readers };
    return isWhole ? [claim] : [claim, { ...claim, failed: true }];
  });
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

/** Returns the place of the innermost record that a place is in, or is. */
function recordPlace(result: unknown, place: Location): Location {
  let at = result;
  let found: Location = [];
  for (const [i, step] of place.entries()) {
    at = (at as Record<string | number, unknown> | undefined)?.[step];
    if (isRecord(at)) found = place.slice(0, i + 1);
  }
  return found;
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The labels that the rules on a value say. */
interface Claimed extends Pick<Leaf, 'labels' | 'kind'> {
  readonly clears: Leaf['clears'] | undefined;
  /** Whether they say that the tool itself gives it out, if it is short enough for that. */
  readonly isGiven: boolean;
}

const NO_CLAIMS: readonly Claim[] = [];

class Walk {
  readonly leaves: Leaf[] = [];
  /** The places of the fields with the senders of values. */
  readonly senderAt = new Map<Leaf, string>();
  private readonly byClaims = new Map<readonly Claim[], Claimed>();
  private readonly distinct = new Map<string, Labels>();
  private readonly joined = new Map<Labels, Map<Labels, Labels>>();
  private readonly ofKeys: boolean;

  /** @param texts the places of texts without structure: each can be about every record */
  constructor(
    private readonly claims: ReadonlyMap<string, readonly Claim[]>,
    private readonly unclassified: Labels,
    private readonly stored: StoredInAnswer,
    private readonly texts: ReadonlySet<string>,
  ) {
    this.ofKeys = [...claims.keys()].some((place) => place.startsWith(OF_KEY));
  }

  visitAll(value: unknown): void {
    this.visit(value, [], [], this.stored.root);
  }

  private visit(value: unknown, place: Location, above: readonly Claim[], around: AnswerPart): void {
    const key = keyOf(place);
    const own = this.claims.get(key) ?? [];
    const part = this.texts.has(key) ? this.stored.unknown : around;
    this.enter(value, place, own.length === 0 ? above : [...above, ...own], part, (item, at, claims, inside) =>
      this.visit(item, at, claims, inside),
    );
  }

  /** Visits what is beside the value: no rule for a part of the value is about it. */
  labelAll(value: unknown, place: Location, claims: readonly Claim[]): void {
    this.enter(value, place, claims, this.stored.unknown, (item, at) => this.labelAll(item, at, claims));
  }

  private enter(
    value: unknown,
    place: Location,
    claims: readonly Claim[],
    around: AnswerPart,
    visit: (item: unknown, place: Location, claims: readonly Claim[], around: AnswerPart) => void,
  ): void {
    if (typeof value === 'object' && value !== null) {
      if (place.length >= MAX_DEPTH || this.leaves.length >= MAX_LEAVES) {
        this.add(restOf(value), place, claims, this.stored.unknown);
        return;
      }
      if (Array.isArray(value)) {
        for (const [i, item] of value.entries()) visit(item, [...place, i], claims, around);
        return;
      }
      const step = place.at(-1);
      const name = typeof step === 'string' ? step : undefined;
      const way = { isRoot: place.length === 0, isItem: typeof step === 'number', name };
      const { own, inside } = this.stored.enter(value, around, way);
      for (const [key, item] of Object.entries(value)) {
        // A name of a member is a value too: some tools answer { "<name>": … }.
        this.addKey(key, place, claims, own);
        visit(item, [...place, key], claims, typeof item === 'object' ? inside : own);
      }
      return;
    }
    if (typeof value === 'string' ? value !== '' : typeof value === 'number' || typeof value === 'boolean') {
      this.add(value as Leaf['value'], place, claims, around);
    } else if (typeof value === 'bigint') {
      this.add(String(value), place, claims, around);
    }
  }

  private add(value: Leaf['value'], place: Location, claims: readonly Claim[], part: AnswerPart): void {
    const isName =
      isNameLike(place) && !claims.some(({ rule }) => rule.integrity !== undefined && isAbout(rule, place));
    this.addLeaf(value, place, claims, part, isName);
  }

  private addKey(key: string, place: Location, claims: readonly Claim[], part: AnswerPart): void {
    const own = (this.ofKeys ? this.claims.get(keyPlace([...place, key])) : undefined) ?? NO_CLAIMS;
    const isSaid = own.some(({ rule, failed }) => !failed && rule.integrity !== undefined);
    this.addLeaf(key, place, own.length === 0 ? claims : [...claims, ...own], part, !isSaid);
  }

  private addLeaf(
    value: Leaf['value'],
    place: Location,
    claims: readonly Claim[],
    part: AnswerPart,
    isName: boolean,
  ): void {
    const { labels, kind, clears, ...claimed } = this.claimed(claims);
    const isGiven = claimed.isGiven && isShort(value);
    const stored = this.stored.labelsOf(part, value, isGiven);
    const all = stored === undefined ? labels : this.join(labels, stored);
    const marks = { ...(isName ? NAME : {}), ...(isGiven ? GIVEN : {}), ...(clears && { clears }) };
    const leaf: Leaf = { at: pathText(place), value, labels: all, kind, ...marks };
    this.leaves.push(leaf);
    const senderAt = claims.findLast((claim) => claim.senderAt !== undefined && !claim.failed)?.senderAt;
    if (senderAt !== undefined) this.senderAt.set(leaf, senderAt);
  }

  /** Values are many, and labels that are the same for them few: each are made once. */
  private claimed(claims: readonly Claim[]): Claimed {
    let known = this.byClaims.get(claims);
    if (known === undefined) {
      const made = this.labelled(claims);
      const key = JSON.stringify(made.labels);
      const labels = this.distinct.get(key) ?? made.labels;
      this.distinct.set(key, labels);
      known = labels === made.labels ? made : { ...made, labels };
      this.byClaims.set(claims, known);
    }
    return known;
  }

  private join(labels: Labels, stored: Labels): Labels {
    const known = this.joined.get(labels) ?? new Map<Labels, Labels>();
    this.joined.set(labels, known);
    const both = known.get(stored) ?? join(labels, stored);
    known.set(stored, both);
    return both;
  }

  private labelled(claims: readonly Claim[]): Claimed {
    let integrity: Labels | undefined;
    let confidentiality: Labels | undefined;
    let readers: readonly string[] | undefined;
    let clears: readonly string[] | undefined;
    let [integrityDepth, confidentialityDepth, readersDepth] = [-1, -1, -1];
    let kind: string | undefined;
    const names: string[] = [];
    let isUnknown = false;
    for (const { rule, depth, failed, readers: clause } of claims) {
      isUnknown ||= failed;
      names.push(...rule.names);
      if (failed) continue;
      kind = rule.kind ?? kind;
      if (rule.clears.length > 0) clears = rule.clears;
      if (clause !== undefined && depth >= readersDepth) {
        readers = depth === readersDepth && readers !== undefined ? togetherOf(readers, [clause]) : [clause];
        readersDepth = depth;
      }
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
    // A restricted part of a record is for fewer than its readers, and a public one for more.
    const isOther =
      confidentialityDepth > readersDepth && /restricted|public/.test(confidentiality?.confidentiality ?? '');
    let labels: Labels = {
      integrity: integrity?.integrity ?? this.unclassified.integrity,
      confidentiality: confidentiality?.confidentiality ?? this.unclassified.confidentiality,
      names: [...new Set([...names, ...(claims.length === 0 ? this.unclassified.names : [])])].sort(),
      ...(readers === undefined || isOther ? {} : { readers }),
    };
    if (isUnknown) labels = join(labels, this.unclassified);
    const isGiven = !isUnknown && integrity?.integrity === 'system' && integrityDepth > 0;
    return { labels, kind, clears, isGiven };
  }
}

const NAME = { isName: true } as const;
const GIVEN = { isGiven: true } as const;
/** Members whose values people choose. */
const NAMES = /(?:^|_)(?:name|title|subject|label|key|nickname|alias|caption|headline|topic)s?$|^file_?names?$/;

function isNameLike(place: Location): boolean {
  return isNameOf(memberOf(place));
}

/** The records of an answer have the same members. */
const isNameOf = remembering((member) => NAMES.test(member.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()));
const stepText = remembering((step) => (/^\w+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`));

/** Returns the innermost member that a place is in. */
function memberOf(place: Location): string {
  return String(place.findLast((step) => typeof step === 'string') ?? '');
}

/** Returns whether a rule names the very member that a place is in: its author then knew of the name. */
function isAbout({ path }: ResultRule, place: Location): boolean {
  return /(?:\.|\[['"])([^.[\]'"*]+)(?:['"]\])?(?:\[(?:\*|[0-9]+)\])*$/.exec(path)?.[1] === memberOf(place);
}

/** Returns whether a value can be what a tool gives out: no id is longer, or has several spaces, as a text has. */
function isShort(value: Leaf['value']): boolean {
  return typeof value !== 'string' || (value.length <= MAX_GIVEN && !/\n|\s.*\s/.test(value));
}

const MAX_GIVEN = 128;

function keyOf(place: Location): string {
  return JSON.stringify(place);
}

/** Returns a place as text, as `$.items[0].name`. */
export function pathText(place: Location): string {
  let text = '$';
  for (const step of place) text += typeof step === 'number' ? `[${step}]` : stepText(step);
  return text;
}
