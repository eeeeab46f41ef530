import { Patterns } from './patterns.js';
import { isSchema, References, type Schema } from './references.js';
import { isRecord, valueError } from './values.js';
import { TooMuchWork, Work } from './work.js';

type Keywords = Readonly<Record<string, unknown>>;

/** The verdict of a schema on a value. */
interface Verdict {
  /** Why the value does not fit; undefined if it does. */
  readonly error: string | undefined;
  /** The place in the value, as a JSON pointer. */
  readonly place: string;
  /** The members or items that the schema looked at, for `unevaluatedProperties` and `unevaluatedItems`. */
  readonly seen: ReadonlySet<string> | undefined;
}

/** A set takes more memory than other steps. */
const STEPS_OF_A_SET = 8;
const FITS: Verdict = { error: undefined, place: '', seen: undefined };
const fits = (seen: ReadonlySet<string> | undefined): Verdict => (seen === undefined ? FITS : { ...FITS, seen });
const failed = (error: string, place = ''): Verdict => ({ error, place, seen: undefined });

/**
 * Checks values by a schema that a stranger wrote (JSON Schema 2020-12, and drafts 4 to 7). Interprets it instead of
 * compiling it; each schema looks at each value once. The steps are counted, so that a check takes bounded time and memory whatever
 * schema and value say (decision 25). Formats are annotations, and what the document does not have is not fetched.
 */
export class JsonSchema {
  private readonly references: References;
  private readonly patterns = new Patterns();
  /** Up to draft 7, `$ref` stands alone. */
  private readonly isOld: boolean;
  /** Whether it has to be known which members and items a schema looked at. */
  private readonly isTracked: boolean;

  constructor(private readonly root: Schema) {
    this.references = new References(root);
    const dialect = typeof root === 'object' ? root.$schema : undefined;
    this.isOld = typeof dialect === 'string' && /draft-0[4-7]/.test(dialect);
    this.isTracked = /"unevaluated(?:Items|Properties)"/.test(JSON.stringify(root));
  }

  /** Returns why a value does not fit; undefined if it does. @param name of the value, for the text */
  errorOf(value: unknown, name: string): string | undefined {
    const check = new Check(this.references, this.patterns, this.isOld, this.isTracked);
    try {
      const { error, place } = check.verdict(this.root, value);
      return error === undefined ? undefined : `${name}${place} ${error}`;
    } catch (thrown) {
      if (!(thrown instanceof TooMuchWork)) throw thrown;
      return `${name} cannot be checked by this schema within bounds`;
    }
  }
}

/** One check of one value. */
class Check {
  private readonly work = new Work();
  /** The verdict of each schema on each value within, so that it is asked once. */
  private readonly known = new Map<object, Map<unknown, Verdict>>();

  constructor(
    private readonly references: References,
    private readonly patterns: Patterns,
    private readonly isOld: boolean,
    private readonly isTracked: boolean,
  ) {}

  verdict(schema: unknown, value: unknown): Verdict {
    this.work.take(1);
    if (schema === false) return failed('must NOT be present');
    if (!isRecord(schema)) return FITS;
    let ofSchema = this.known.get(schema);
    if (ofSchema === undefined) {
      ofSchema = new Map();
      this.known.set(schema, ofSchema);
    }
    const known = ofSchema.get(value);
    if (known !== undefined) return known;
    // A schema that leads back to itself with the same value says nothing more of it.
    ofSchema.set(value, FITS);
    const verdict = this.work.deeper(() => this.judged(schema, value));
    ofSchema.set(value, verdict);
    return verdict;
  }

  private judged(schema: Keywords, value: unknown): Verdict {
    this.work.take(Object.keys(schema).length);
    const referred = this.referred(schema, value);
    if (this.isOld && schema.$ref !== undefined) return referred;
    const error = valueError(schema, value, this.patterns, this.work);
    if (error !== undefined) return failed(error);
    const seen = this.nothing();
    const parts = [() => referred, () => this.combined(schema, value), () => this.inside(schema, value)];
    for (const part of parts) {
      const verdict = part();
      if (verdict.error !== undefined) return verdict;
      this.join(seen, verdict);
    }
    return this.rest(schema, value, seen);
  }

  /** Returns a set for names; undefined if they do not matter. */
  private nothing(): Set<string> | undefined {
    if (!this.isTracked) return undefined;
    this.work.take(STEPS_OF_A_SET);
    return new Set();
  }

  private join(seen: Set<string> | undefined, verdict: Verdict): void {
    if (seen === undefined || verdict.seen === undefined) return;
    this.work.take(verdict.seen.size);
    for (const name of verdict.seen) seen.add(name);
  }

  private referred(schema: Keywords, value: unknown): Verdict {
    const seen = this.nothing();
    for (const reference of [schema.$ref, schema.$dynamicRef, schema.$recursiveRef]) {
      if (typeof reference !== 'string') continue;
      const verdict = this.verdict(this.references.find(schema, reference) ?? true, value);
      if (verdict.error !== undefined) return verdict;
      this.join(seen, verdict);
    }
    return fits(seen);
  }

  /** Returns the verdict of the schemas that look at the same value. */
  private combined(schema: Keywords, value: unknown): Verdict {
    const seen = this.nothing();
    const { allOf, anyOf, oneOf, not } = schema;
    for (const one of listOf(allOf)) {
      const verdict = this.verdict(one, value);
      if (verdict.error !== undefined) return verdict;
      this.join(seen, verdict);
    }
    for (const [keyword, choices] of [
      ['anyOf', anyOf],
      ['oneOf', oneOf],
    ] as const) {
      if (!Array.isArray(choices)) continue;
      const fitting: Verdict[] = [];
      for (const one of choices) {
        const verdict = this.verdict(one, value);
        if (verdict.error === undefined) fitting.push(verdict);
        else if (choices.length === 1) return verdict;
        if (fitting.length > 0 && keyword === 'anyOf' && !this.isTracked) break;
      }
      if (fitting.length === 0) return failed(`must match a schema in ${keyword}`);
      if (keyword === 'oneOf' && fitting.length > 1) return failed('must match exactly one schema in oneOf');
      for (const verdict of fitting) this.join(seen, verdict);
    }
    if (isSchema(not) && this.verdict(not, value).error === undefined) return failed('must NOT be valid');
    for (const one of this.conditional(schema, value)) {
      const verdict = this.verdict(one, value);
      if (verdict.error !== undefined) return verdict;
      this.join(seen, verdict);
    }
    return fits(seen);
  }

  /** Returns the schemas that apply to a value because of another one, or of a member. */
  private conditional(schema: Keywords, value: unknown): unknown[] {
    const applying: unknown[] = [];
    if (isSchema(schema.if)) {
      const condition = this.verdict(schema.if, value);
      if (condition.error === undefined) applying.push(schema.if, schema.then ?? true);
      else applying.push(schema.else ?? true);
    }
    for (const depending of [schema.dependentSchemas, schema.dependencies]) {
      if (!isRecord(depending) || !isRecord(value)) continue;
      for (const [name, one] of Object.entries(depending)) {
        this.work.take(1);
        if (isSchema(one) && Object.hasOwn(value, name)) applying.push(one);
      }
    }
    return applying;
  }

  private inside(schema: Keywords, value: unknown): Verdict {
    if (Array.isArray(value)) return this.items(schema, value);
    return isRecord(value) ? this.members(schema, value) : FITS;
  }

  private items(schema: Keywords, list: readonly unknown[]): Verdict {
    const seen = this.nothing();
    const isTuple = Array.isArray(schema.items);
    const first = listOf(isTuple ? schema.items : schema.prefixItems);
    const others = isTuple ? schema.additionalItems : schema.items;
    for (const [at, item] of list.entries()) {
      const one = at < first.length ? first[at] : others;
      if (!isSchema(one)) continue;
      const verdict = within(this.verdict(one, item), at);
      if (verdict.error !== undefined) return verdict;
      seen?.add(String(at));
    }
    const { contains, minContains = 1, maxContains } = schema;
    if (!isSchema(contains)) return fits(seen);
    const found = list.flatMap((item, at) => (this.verdict(contains, item).error === undefined ? [at] : []));
    if (typeof minContains === 'number' && found.length < minContains)
      return failed(`must contain at least ${minContains} valid item(s)`);
    if (typeof maxContains === 'number' && found.length > maxContains)
      return failed(`must contain at most ${maxContains} valid item(s)`);
    for (const at of found) seen?.add(String(at));
    return fits(seen);
  }

  private members(schema: Keywords, record: Record<string, unknown>): Verdict {
    const seen = this.nothing();
    const { properties, patternProperties, additionalProperties, propertyNames } = schema;
    const patterns = isRecord(patternProperties) ? Object.entries(patternProperties) : [];
    for (const [name, inner] of Object.entries(record)) {
      this.work.take(1);
      const applying: unknown[] = [];
      if (isRecord(properties) && Object.hasOwn(properties, name)) applying.push(properties[name]);
      for (const [pattern, one] of patterns) if (this.patterns.fits(pattern, name, this.work)) applying.push(one);
      if (applying.length === 0 && isSchema(additionalProperties)) {
        if (additionalProperties === false)
          return failed(`must NOT have additional properties: ${JSON.stringify(name)}`);
        applying.push(additionalProperties);
      }
      if (applying.length > 0) seen?.add(name);
      for (const one of applying) {
        const verdict = within(this.verdict(one, inner), name);
        if (verdict.error !== undefined) return verdict;
      }
      if (isSchema(propertyNames) && this.verdict(propertyNames, name).error !== undefined)
        return failed(`property name ${JSON.stringify(name)} must be valid`);
    }
    return fits(seen);
  }

  /** Checks the members or items that nothing looked at. */
  private rest(schema: Keywords, value: unknown, seen: Set<string> | undefined): Verdict {
    const rest = Array.isArray(value) ? schema.unevaluatedItems : schema.unevaluatedProperties;
    if (seen === undefined || !isSchema(rest) || typeof value !== 'object' || value === null) return fits(seen);
    for (const [name, inner] of Object.entries(value)) {
      this.work.take(1);
      if (seen.has(name)) continue;
      const verdict = within(this.verdict(rest, inner), name);
      if (verdict.error !== undefined) return rest === false ? failed('must NOT have unevaluated properties') : verdict;
      seen.add(name);
    }
    return fits(seen);
  }
}

function within(verdict: Verdict, step: string | number): Verdict {
  if (verdict.error === undefined) return verdict;
  const name = String(step).replaceAll('~', '~0').replaceAll('/', '~1');
  return { ...verdict, place: `/${name}${verdict.place}` };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
