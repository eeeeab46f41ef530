import { closest } from '../closest.js';
import { CedarError, type CedarErrorCode } from '../errors.js';
import { EXTENSION_FUNCTIONS } from '../evaluate/extensions.js';
import { memberProblem } from '../members.js';
import { isTypeName } from '../policy/lexical.js';
import { type CedarType, type RecordType, typeText } from '../schema/types.js';
import { EvaluationFailure } from './failure.js';
import { longOf } from './long.js';
import { type EntityUid, outsideEnumeration, uidText } from './uid.js';
import { type Entity, SetValue, type Value } from './value.js';
import { typeName } from './value-text.js';

const MAX_DEPTH = 512;
const CONSTRUCTORS = { ipaddr: 'ip', decimal: 'decimal', datetime: 'datetime', duration: 'duration' } as const;

/** Gives the one object of a uid. */
type Intern = (uid: EntityUid) => Entity;

/**
 * Reads Cedar's JSON data format (Cedar reference, "Entities and context in JSON") into values. With a type, the
 * implicit forms are accepted (`"10.0.0.1"` where an `ipaddr` is declared) and anything else than the type is refused.
 */
export class ValueReader {
  private depth = 0;

  constructor(
    private readonly code: CedarErrorCode,
    private readonly intern: Intern,
  ) {}

  fail(path: string, message: string, help?: string): never {
    throw new CedarError(this.code, `${path}: ${message}`, { path, help });
  }

  object(json: unknown, path: string): Readonly<Record<string, unknown>> {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      this.fail(path, `expected an object, got ${describe(json)}`);
    }
    return json as Readonly<Record<string, unknown>>;
  }

  /** An object with these members and no other. */
  members(
    json: unknown,
    path: string,
    required: readonly string[],
    optional?: readonly string[],
  ): Readonly<Record<string, unknown>> {
    const object = this.object(json, path);
    const problem = memberProblem(object, required, optional);
    if (problem !== undefined) this.fail(path, problem.message, problem.help);
    return object;
  }

  uid(json: unknown, path: string): EntityUid {
    const outer = this.object(json, path);
    const inner = Object.hasOwn(outer, '__entity') ? this.members(json, path, ['__entity']).__entity : outer;
    const { type, id } = this.members(inner, path, ['type', 'id']);
    if (typeof type !== 'string' || typeof id !== 'string') {
      this.fail(path, 'an entity is written { "type": "…", "id": "…" }, both strings');
    }
    if (!isTypeName(type as string)) this.fail(path, `\`${type}\` is not the name of an entity type`);
    return { type: type as string, id: id as string };
  }

  record(json: unknown, type: RecordType | undefined, path: string): Map<string, Value> {
    const out = new Map<string, Value>();
    const given = this.object(json, path);
    for (const key of Object.keys(given)) {
      const item = given[key];
      const declared = type?.attributes.get(key);
      // Most of what a context holds: it needs no path, because it cannot fail.
      const scalar = declared === undefined ? undefined : scalarOf(item, declared.type);
      if (scalar !== undefined) {
        out.set(key, scalar);
        continue;
      }
      const at = `${path}.${key}`;
      if (type !== undefined && declared === undefined) {
        const known = [...type.attributes.keys()];
        const meant = closest(key, known);
        const help = meant === undefined ? `declared are: ${known.join(', ') || 'none'}` : `did you mean \`${meant}\`?`;
        this.fail(at, 'this attribute is not declared in the schema', help);
      }
      out.set(key, this.value(item, declared?.type, at));
    }
    // hot: what was read is declared, so that as many as are declared are all of them.
    if (type === undefined || out.size === type.attributes.size) return out;
    for (const [key, { required }] of type.attributes) {
      if (required && !out.has(key)) this.fail(path, `the attribute \`${key}\` is required and missing`, 'add it');
    }
    return out;
  }

  value(json: unknown, type: CedarType | undefined, path: string): Value {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) this.fail(path, `nested deeper than ${MAX_DEPTH} levels`);
    const value = type === undefined ? this.untyped(json, path) : this.typed(json, type, path);
    this.depth -= 1;
    return value;
  }

  private untyped(json: unknown, path: string): Value {
    switch (typeof json) {
      case 'boolean':
      case 'string':
        return json;
      case 'number':
      case 'bigint':
        return this.long(json, path);
      default:
        if (Array.isArray(json))
          return new SetValue(json.map((item, i) => this.value(item, undefined, `${path}[${i}]`)));
        return this.compound(this.object(json, path), path);
    }
  }

  private long(json: number | bigint, path: string): Value {
    const long = longOf(json);
    if (long === undefined)
      this.fail(path, `${json} is not a 64-bit integer`, 'Cedar has no floating point; use `decimal`');
    return long;
  }

  private compound(json: Readonly<Record<string, unknown>>, path: string): Value {
    if (Object.hasOwn(json, '__entity')) return this.intern(this.uid(json, path));
    if (Object.hasOwn(json, '__extn')) return this.extension(this.members(json, path, ['__extn']).__extn, path);
    if (Object.hasOwn(json, '__expr')) this.fail(path, 'the `__expr` form is not supported by Cedar any more');
    return this.record(json, undefined, path);
  }

  private extension(json: unknown, path: string): Value {
    const { fn, arg, args } = this.members(json, path, ['fn'], ['arg', 'args']);
    const given = args === undefined ? [arg] : args;
    const extension = typeof fn === 'string' ? EXTENSION_FUNCTIONS.get(fn) : undefined;
    if (extension === undefined || !Array.isArray(given) || given.length !== extension.arity) {
      this.fail(path, 'an extension value is written { "__extn": { "fn": "ip", "arg": "…" } }');
    }
    return this.apply(
      extension.call,
      given.map((item, i) => this.value(item, undefined, `${path}[${i}]`)),
      path,
    );
  }

  private apply(call: (...args: Value[]) => Value, args: readonly Value[], path: string): Value {
    try {
      return call(...args);
    } catch (error) {
      if (error instanceof EvaluationFailure) this.fail(path, error.message);
      throw error;
    }
  }

  private typed(json: unknown, type: CedarType, path: string): Value {
    switch (type.kind) {
      case 'record':
        return this.record(json, type, path);
      case 'set':
        if (!Array.isArray(json)) return this.mismatch(json, type, path);
        return new SetValue(json.map((item, i) => this.value(item, type.element, `${path}[${i}]`)));
      case 'entity': {
        if (typeof json !== 'object' || json === null) return this.mismatch(json, type, path);
        const uid = this.uid(json, path);
        if (uid.type !== type.name) this.fail(path, `expected an entity of type ${type.name}, got ${uidText(uid)}`);
        if (type.ids?.has(uid.id) === false) this.fail(path, outsideEnumeration(uid));
        return this.intern(uid);
      }
      case 'extension': {
        const call = EXTENSION_FUNCTIONS.get(CONSTRUCTORS[type.name])?.call;
        if (typeof json === 'string' && call !== undefined) return this.apply(call, [json], path);
        return this.checked(json, type, path, type.name);
      }
      default:
        return this.checked(json, type, path, type.kind);
    }
  }

  private checked(json: unknown, type: CedarType, path: string, expected: string): Value {
    const value = this.untyped(json, path);
    return typeName(value) === expected ? value : this.mismatch(json, type, path);
  }

  private mismatch(json: unknown, type: CedarType, path: string): never {
    const verb = this.code === 'request' ? 'send' : 'write';
    const help = rewritten(json, type);
    this.fail(path, `expected ${typeText(type)}, got ${describe(json)}`, help && `${verb} ${help}`);
  }
}

/** A value of just the type that is declared, when it is one of the plain kinds. */
function scalarOf(json: unknown, { kind }: CedarType): Value | undefined {
  switch (kind) {
    case 'long':
      return typeof json === 'number' || typeof json === 'bigint' ? longOf(json) : undefined;
    case 'string':
      return typeof json === 'string' ? json : undefined;
    case 'bool':
      return typeof json === 'boolean' ? json : undefined;
    default:
      return undefined;
  }
}

const MAX_DIGITS = 19;

/** Returns a value as its type wants it, if a value of another type clearly means one. It is never read as that: two readers could differ. */
function rewritten(json: unknown, type: CedarType): string | undefined {
  const { kind } = type;
  const text = typeof json === 'string' && json.length <= MAX_DIGITS + 1 ? json : '';
  if (kind === 'long' && /^-?\d+$/.test(text)) return `${text} as a number, not as text`;
  if (kind === 'bool' && /^(?:true|false)$/.test(text)) return `${text} as a boolean, not as text`;
  if (kind === 'string' && (typeof json === 'number' || typeof json === 'boolean')) return `"${json}" as text`;
  return type.kind === 'set' && scalarOf(json, type.element) !== undefined ? 'it in a list' : undefined;
}

function describe(json: unknown): string {
  if (json === null) return 'null, which Cedar does not have; leave the attribute out';
  if (json === undefined) return 'nothing';
  if (Array.isArray(json)) return 'a list';
  if (typeof json === 'object') return 'an object';
  return `the ${typeof json} ${JSON.stringify(typeof json === 'bigint' ? String(json) : json).slice(0, 60)}`;
}
