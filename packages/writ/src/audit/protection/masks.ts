import { keyedHash } from '@writ/sdk/lib/keyed-hash';
import canonicalize from 'canonicalize';
import type { DecisionRecord, Holding, LogEntry } from '../../decide/record.js';
import { CREDENTIALS } from '../../lib/known-credentials.js';
import { secretPlaces } from '../../lib/secret-forms.js';
import { isSecretName } from '../../lib/secret-names.js';
import { RecordError } from '../errors.js';
import { withoutDerived, withoutValues } from './masked-seen.js';
import { withoutRepeated } from './repeated-values.js';

/** A rule for values that must not be recorded as they are. */
type MaskRule =
  /** A path from `input`, `context`, `subject`, `resource`, `ledger` or `facts`, with dots; `*` for any name or place. */
  { readonly path: string; readonly as: 'hash' | 'drop' } | { readonly class: string; readonly as: 'hash' | 'drop' };

/** Finds the places in a text that look like a value of a class. */
type ClassFinder = (text: string) => readonly { readonly start: number; readonly end: number }[];

/**
 * Masks values in records. A masked value is replaced by a marker, or by a keyed hash that is the same for the same value.
 *
 * A value under the name of a secret (`password`, `api_key`, `authorization` …) is always masked, and so is a part of a text that has
 * the form of one (a token, a key, the password of an address).
 */
export class Masks {
  private readonly paths: readonly { readonly steps: readonly string[]; readonly as: 'hash' | 'drop' }[];
  private readonly classes: readonly {
    readonly name: string;
    readonly find: ClassFinder;
    readonly as: 'hash' | 'drop';
  }[];
  /** The texts of the values that were masked in the present entry. */
  private taken: string[] = [];
  private readonly hashed: (text: string) => string;
  private readonly textNames = new Map<string, boolean>();
  /** A plural is the name of a secret only if its value is no number. */
  private readonly numberNames = new Map<string, boolean>();

  /**
   * @param key the key of the hashes
   * @param finders by class, for each class that a rule names
   * @throws {RecordError} if a class has no finder
   */
  constructor(rules: readonly MaskRule[], key: Buffer, finders: Readonly<Record<string, ClassFinder>>) {
    this.hashed = keyedHash(key);
    this.paths = rules.flatMap((rule) => ('path' in rule ? [{ steps: rule.path.split('.'), as: rule.as }] : []));
    this.classes = rules.flatMap((rule) => {
      if (!('class' in rule)) return [];
      const find = finders[rule.class];
      if (find === undefined)
        throw new RecordError(`nothing finds values of the class ${rule.class}, which is to be masked`);
      return [{ name: rule.class, find, as: rule.as }];
    });
  }

  /** Whether a rule masks more than secrets. */
  get hasRules(): boolean {
    return this.paths.length > 0 || this.classes.length > 0;
  }

  /** Returns the values that were masked in the entry before. */
  get masked(): readonly string[] {
    return this.taken;
  }

  /**
   * Returns the entry with values masked; the same object if none was.
   *
   * @param before the values that were masked in the decision that an outcome is of: its error can repeat them
   */
  apply<E extends LogEntry>(entry: E, before: readonly string[] = []): E {
    this.taken = [];
    if (entry.kind === 'decision') return this.decision(entry) as E;
    if (entry.kind === 'search' && typeof entry.request === 'object' && entry.request !== null) {
      const request = this.request(entry.request as DecisionRecord['request']);
      return request === entry.request ? entry : { ...entry, request };
    }
    if (entry.kind === 'outcome') {
      const held = entry.held && this.holdings(entry.held);
      const error = entry.error && withoutRepeated(this.walk(entry.error) as string, before);
      return held === entry.held && error === entry.error ? entry : { ...entry, ...(held && { held }), error };
    }
    if (entry.kind === 'change') {
      const detail = this.walk(entry.detail) as typeof entry.detail;
      return detail === entry.detail ? entry : { ...entry, detail };
    }
    return entry;
  }

  private decision(record: DecisionRecord): DecisionRecord {
    let masked: Record<string, unknown> = record as unknown as Record<string, unknown>;
    const set = (name: string, before: unknown, after: unknown): void => {
      if (before !== after) masked = { ...masked, [name]: after };
    };
    set('request', record.request, this.request(record.request));
    // The refusal of a value that does not fit quotes the value.
    if (record.refusal !== undefined) {
      const said = CREDENTIALS.strike(record.refusal.message);
      const message = this.taken.length === 0 ? said : this.withoutTaken(said);
      if (message !== record.refusal.message) set('refusal', record.refusal, { ...record.refusal, message });
    }
    // `seen` can have the values of arguments too.
    if (masked.request !== record.request) set('seen', record.seen, withoutValues(record.seen));
    const facts = this.facts(record.facts);
    set('facts', record.facts, facts);
    if (record.parts !== undefined) set('parts', record.parts, this.parts(record.parts));
    if (record.referred !== undefined) set('referred', record.referred, this.facts(record.referred));
    const { program } = (masked.seen ?? {}) as { readonly program?: unknown };
    // Its facts are without the quotes of the text, and can have a form that the text has not.
    const shown = this.walk(program);
    if (shown !== program) set('seen', program, { ...(masked.seen as object), program: shown });
    if (this.hidesFacts) set('seen', masked.seen, withoutDerived(masked.seen));
    for (const { steps, as } of this.paths) {
      if (steps[0] !== 'ledger') continue;
      set('ledger', masked.ledger, this.at(masked.ledger, steps, 1, as));
    }
    if (record.reserved !== undefined) set('reserved', record.reserved, this.holdings(record.reserved));
    return masked as unknown as DecisionRecord;
  }

  private request(request: DecisionRecord['request']): DecisionRecord['request'] {
    let masked: unknown = request;
    for (const { steps, as } of this.paths) {
      const [root] = steps;
      if (root === 'input') masked = this.at(masked, ['context', ...steps], 0, as);
      else if (root === 'context') masked = this.at(masked, steps, 0, as);
      else if (root === 'subject' || root === 'resource')
        masked = this.at(masked, [root, 'properties', ...steps.slice(1)], 0, as);
    }
    // Secrets by their names, and classes, wherever a caller can put them.
    let found = masked as Record<string, unknown>;
    for (const part of ['context', 'subject', 'resource', 'action']) {
      // The session of a request is a name of ours, and not one of the web's.
      const walked = this.walk(found[part], part === 'context' ? 'session' : undefined);
      if (walked !== found[part]) found = { ...found, [part]: walked };
    }
    return found as unknown as DecisionRecord['request'];
  }

  /** Whether a rule masks facts: a derived value can be one of them. */
  private get hidesFacts(): boolean {
    return this.paths.some(({ steps }) => steps[0] === 'facts');
  }

  private facts(facts: DecisionRecord['facts']): DecisionRecord['facts'] {
    const rules = this.paths.filter(({ steps }) => steps[0] === 'facts');
    if (rules.length === 0) return facts;
    const masked = facts.map((fact) => {
      let attributes: unknown = fact.attributes;
      for (const { steps, as } of rules)
        if (steps[1] === fact.uid.type || steps[1] === '*') attributes = this.at(attributes, steps, 2, as);
      return attributes === fact.attributes ? fact : { ...fact, attributes: attributes as typeof fact.attributes };
    });
    return masked.every((fact, i) => fact === facts[i]) ? facts : masked;
  }

  private parts(parts: NonNullable<DecisionRecord['parts']>): NonNullable<DecisionRecord['parts']> {
    const facts = parts.map(({ fact }) => fact);
    const masked = this.facts(facts);
    return masked === facts ? parts : parts.map((part, i) => ({ ...part, fact: masked[i] as (typeof facts)[number] }));
  }

  /** Masks what is held of an accumulator. Sums stay, so that budgets can be explained. */
  private holdings(holdings: readonly Holding[]): readonly Holding[] {
    const rules = this.paths.filter(({ steps }) => steps[0] === 'ledger');
    if (rules.length === 0) return holdings;
    const masked = holdings.map((holding) => {
      const rule = rules.find(({ steps }) => steps[1] === holding.accumulator || steps[1] === '*');
      if (rule === undefined || !Array.isArray(holding.amount)) return holding;
      return { ...holding, amount: (holding.amount as string[]).map((value) => this.text(value, rule.as)) };
    });
    return masked.every((holding, i) => holding === holdings[i]) ? holdings : masked;
  }

  /** Returns a value with what is at a path masked. */
  private at(value: unknown, steps: readonly string[], i: number, as: 'hash' | 'drop'): unknown {
    const step = steps[i];
    if (step === undefined)
      return Array.isArray(value) ? value.map((one) => this.marker(one, as)) : this.marker(value, as);
    if (Array.isArray(value)) {
      const items = value.map((one, place) =>
        step === '*' || step === String(place) ? this.at(one, steps, i + 1, as) : one,
      );
      return items.every((one, place) => one === value[place]) ? value : items;
    }
    if (typeof value !== 'object' || value === null) return value;
    let changed: Record<string, unknown> | undefined;
    for (const [name, one] of Object.entries(value)) {
      if (step !== '*' && step !== name) continue;
      const masked = this.at(one, steps, i + 1, as);
      if (masked !== one) changed = { ...(changed ?? value), [name]: masked };
    }
    return changed ?? value;
  }

  /**
   * Masks secrets by their names and forms, and values that look like one of a class, anywhere.
   *
   * @param open the name of a member of this value that is not the name of a secret here
   */
  private walk(value: unknown, open?: string): unknown {
    if (typeof value === 'string') {
      const text = this.withoutSecrets(CREDENTIALS.strike(value));
      return this.classes.length === 0 ? text : this.withoutClasses(text);
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const items = value.map((one) => this.walk(one));
      return items.every((one, i) => one === value[i]) ? value : items;
    }
    let changed: Record<string, unknown> | undefined;
    for (const name in value) {
      const one = (value as Record<string, unknown>)[name];
      const masked =
        name !== open && isScalar(one) && this.isSecret(name, one) ? this.marker(one, 'hash') : this.walk(one);
      if (masked !== one) changed = { ...(changed ?? value), [name]: masked };
    }
    return changed ?? value;
  }

  /** Masks the parts of a text that have the form of a credential. */
  private withoutSecrets(text: string): string {
    const places = secretPlaces(text);
    if (places.length === 0) return text;
    let masked = text;
    for (const { start, end } of [...places].reverse()) {
      this.taken.push(text.slice(start, end));
      masked = `${masked.slice(0, start)}[masked secret ${this.hash(text.slice(start, end))}]${masked.slice(end)}`;
    }
    return masked;
  }

  private withoutClasses(text: string): string {
    let masked = text;
    for (const { name, find, as } of this.classes) {
      for (const { start, end } of [...find(masked)].reverse()) {
        this.taken.push(masked.slice(start, end));
        const shown = as === 'drop' ? 'dropped' : this.hash(masked.slice(start, end));
        masked = `${masked.slice(0, start)}[masked ${name} ${shown}]${masked.slice(end)}`;
      }
    }
    return masked;
  }

  private withoutTaken(message: string): string {
    return this.taken.reduce((text, value) => text.replaceAll(value, '[masked]'), message);
  }

  private marker(value: unknown, as: 'hash' | 'drop'): unknown {
    if (value === undefined || isMasked(value)) return value;
    scalarsIn(value, this.taken);
    return { masked: as === 'drop' ? 'dropped' : this.hash(value) };
  }

  private text(value: string, as: 'hash' | 'drop'): string {
    return `[masked ${as === 'drop' ? 'dropped' : this.hash(value)}]`;
  }

  /** Returns the keyed hash of a value: of its canonical JSON (RFC 8785). */
  private hash(value: unknown): string {
    return this.hashed(canonicalize(value) ?? '');
  }

  private isSecret(name: string, value: unknown): boolean {
    const names = typeof value === 'number' ? this.numberNames : this.textNames;
    let is = names.get(name);
    if (is === undefined) {
      is = isSecretName(name, value);
      if (names.size < MAX_NAMES && name.length <= MAX_NAME) names.set(name, is);
    }
    return is;
  }
}

function scalarsIn(value: unknown, found: string[]): void {
  if (typeof value === 'string' || typeof value === 'number') {
    if (String(value) !== '') found.push(String(value));
  } else if (typeof value === 'object' && value !== null) {
    for (const one of Object.values(value)) scalarsIn(one, found);
  }
}

/** The most names that are remembered: callers choose the names. */
const MAX_NAMES = 10_000;
/** In characters; longer ones are not remembered. */
const MAX_NAME = 128;

function isScalar(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'number' || Array.isArray(value);
}

/** Returns whether a value of a record stands for a masked one. */
function isMasked(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { masked?: unknown }).masked === 'string';
}
