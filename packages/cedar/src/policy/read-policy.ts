import { CedarError } from '../errors.js';
import { EXTENSION_FUNCTIONS } from '../evaluate/extensions.js';
import { longOf } from '../values/long.js';
import type { EntityUid } from '../values/uid.js';
import {
  type ActionConstraint,
  BINARY_OPERATORS,
  type BinaryOperator,
  type Expr,
  type Pattern,
  type Policy,
  type ScopeConstraint,
  type Slot,
  type Target,
  type Variable,
} from './ast.js';

type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;

const MAX_DEPTH = 800;
const BINARY: ReadonlySet<string> = new Set(BINARY_OPERATORS);

/**
 * Reads one policy or template of Cedar's JSON policy format (Cedar reference, "JSON policy format"). Only a template
 * may have slots.
 *
 * @throws {CedarError} `policy`, with the path of the part that is not in the format
 */
export function readPolicy(id: string, json: Json, kind: 'static' | 'template' = 'static'): Policy {
  return new PolicyReader(id, kind).policy(json);
}

class PolicyReader {
  private depth = 0;

  constructor(
    private readonly id: string,
    private readonly kind: 'static' | 'template',
  ) {}

  private fail(path: string, message: string): never {
    throw new CedarError('policy', `policy \`${this.id}\`: ${message}`, { path, policyId: this.id });
  }

  private object(json: Json, path: string): JsonObject {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) this.fail(path, 'expected an object');
    return json as JsonObject;
  }

  private text(json: Json, path: string): string {
    if (typeof json !== 'string') this.fail(path, 'expected a string');
    return json;
  }

  private list(json: Json, path: string): readonly Json[] {
    if (!Array.isArray(json)) this.fail(path, 'expected a list');
    return json;
  }

  policy(json: Json): Policy {
    const policy = this.object(json, '$');
    const effect = policy.effect;
    if (effect !== 'permit' && effect !== 'forbid') this.fail('$.effect', 'the effect is `permit` or `forbid`');
    const annotations = Object.create(null) as Record<string, string>;
    for (const [name, value] of Object.entries(this.object(policy.annotations ?? {}, '$.annotations'))) {
      annotations[name] = value === null ? '' : this.text(value, `$.annotations.${name}`);
    }
    return Object.freeze({
      id: this.id,
      effect,
      annotations: Object.freeze(annotations),
      principal: this.scope(policy.principal, '$.principal', '?principal'),
      action: this.action(policy.action, '$.action'),
      resource: this.scope(policy.resource, '$.resource', '?resource'),
      conditions: this.list(policy.conditions ?? [], '$.conditions').map((item, i) => {
        const path = `$.conditions[${i}]`;
        const { kind, body } = this.object(item, path);
        if (kind !== 'when' && kind !== 'unless') this.fail(`${path}.kind`, 'the kind is `when` or `unless`');
        return Object.freeze({ kind, body: this.expr(body, `${path}.body`) });
      }),
    });
  }

  private uid(json: Json, path: string): EntityUid {
    const outer = this.object(json, path);
    const { type, id } = this.object(outer.__entity ?? outer, path);
    return Object.freeze({ type: this.text(type, `${path}.type`), id: this.text(id, `${path}.id`) });
  }

  private slot(json: Json, path: string, allowed?: Slot): Slot {
    if (this.kind === 'static') this.fail(path, 'a policy that is not a template has no slots');
    if ((json !== '?principal' && json !== '?resource') || (allowed !== undefined && json !== allowed)) {
      this.fail(path, `the slot here is ${allowed ?? '?principal or ?resource'}`);
    }
    return json;
  }

  private target(json: JsonObject, path: string, slot: Slot): Target {
    if (json.slot !== undefined) return { slot: this.slot(json.slot, `${path}.slot`, slot) };
    return { uid: this.uid(json.entity, `${path}.entity`) };
  }

  private scope(json: Json, path: string, slot: Slot): ScopeConstraint {
    const head = this.object(json, path);
    switch (head.op) {
      case 'All':
        return { op: 'all' };
      case '==':
      case 'in':
        return { op: head.op, target: this.target(head, path, slot) };
      case 'is': {
        const entityType = this.text(head.entity_type, `${path}.entity_type`);
        if (head.in === undefined) return { op: 'is', entityType };
        return { op: 'is', entityType, within: this.target(this.object(head.in, `${path}.in`), `${path}.in`, slot) };
      }
      default:
        return this.fail(`${path}.op`, 'the op is `All`, `==`, `in` or `is`');
    }
  }

  private action(json: Json, path: string): ActionConstraint {
    const head = this.object(json, path);
    switch (head.op) {
      case 'All':
        return { op: 'all' };
      case '==':
        return { op: '==', uid: this.uid(head.entity, `${path}.entity`) };
      case 'in':
        if (head.entities === undefined) return { op: 'in', uids: [this.uid(head.entity, `${path}.entity`)] };
        return {
          op: 'in',
          uids: this.list(head.entities, `${path}.entities`).map((e, i) => this.uid(e, `${path}.entities[${i}]`)),
        };
      default:
        return this.fail(`${path}.op`, 'the op is `All`, `==` or `in`');
    }
  }

  private expr(json: Json, path: string): Expr {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) this.fail(path, `the expression nests deeper than ${MAX_DEPTH} levels`);
    const object = this.object(json, path);
    const names = Object.keys(object);
    const name = names[0];
    if (names.length !== 1 || name === undefined) this.fail(path, 'an expression is an object with one key');
    const expr = this.operation(name, object[name], `${path}.${name}`);
    this.depth -= 1;
    return Object.freeze(expr);
  }

  private operation(name: string, json: Json, path: string): Expr {
    if (BINARY.has(name)) {
      const { left, right } = this.object(json, path);
      return {
        op: name as BinaryOperator,
        left: this.expr(left, `${path}.left`),
        right: this.expr(right, `${path}.right`),
      };
    }
    switch (name) {
      case 'Value':
        return this.value(json, path);
      case 'Var':
        if (json !== 'principal' && json !== 'action' && json !== 'resource' && json !== 'context') {
          this.fail(path, 'a variable is principal, action, resource or context');
        }
        return { op: 'variable', name: json as Variable };
      case 'Slot':
        return { op: 'slot', slot: this.slot(json, path) };
      case '!':
      case 'neg':
      case 'isEmpty':
        return { op: name, arg: this.expr(this.object(json, path).arg, `${path}.arg`) };
      case '.': {
        const { left, attr } = this.object(json, path);
        return { op: 'get', of: this.expr(left, `${path}.left`), attribute: this.text(attr, `${path}.attr`) };
      }
      case 'has': {
        const { left, attr } = this.object(json, path);
        const attrs = typeof attr === 'string' ? [attr] : this.list(attr, `${path}.attr`);
        if (attrs.length === 0) this.fail(`${path}.attr`, '`has` needs an attribute');
        return {
          op: 'has',
          of: this.expr(left, `${path}.left`),
          path: attrs.map((a, i) => this.text(a, `${path}.attr[${i}]`)),
        };
      }
      case 'like': {
        const { left, pattern } = this.object(json, path);
        return { op: 'like', of: this.expr(left, `${path}.left`), pattern: this.pattern(pattern, `${path}.pattern`) };
      }
      case 'is': {
        const is = this.object(json, path);
        const of = this.expr(is.left, `${path}.left`);
        const entityType = this.text(is.entity_type, `${path}.entity_type`);
        if (is.in === undefined) return { op: 'is', of, entityType };
        return { op: 'is', of, entityType, within: this.expr(is.in, `${path}.in`) };
      }
      case 'if-then-else': {
        const parts = this.object(json, path);
        return {
          op: 'if',
          test: this.expr(parts.if, `${path}.if`),
          yes: this.expr(parts.then, `${path}.then`),
          no: this.expr(parts.else, `${path}.else`),
        };
      }
      case 'Set':
        return { op: 'set', items: this.list(json, path).map((item, i) => this.expr(item, `${path}[${i}]`)) };
      case 'Record':
        return {
          op: 'record',
          entries: Object.entries(this.object(json, path)).map(
            ([key, value]) => [key, this.expr(value, `${path}.${key}`)] as const,
          ),
        };
      default:
        return this.call(name, json, path);
    }
  }

  private call(name: string, json: Json, path: string): Expr {
    if (!EXTENSION_FUNCTIONS.has(name)) this.fail(path, `\`${name}\` is not an operator or an extension function`);
    const args = this.list(json, path);
    return { op: 'call', name, args: args.map((arg, i) => this.expr(arg, `${path}[${i}]`)) };
  }

  /** A literal: scalars, and the JSON forms of entities, extension values, sets and records. */
  private value(json: Json, path: string): Expr {
    switch (typeof json) {
      case 'boolean':
      case 'string':
        return { op: 'value', value: json };
      case 'number':
      case 'bigint': {
        const long = longOf(json);
        if (long === undefined) this.fail(path, `${json} is not a 64-bit integer`);
        return { op: 'value', value: long };
      }
      default:
        if (Array.isArray(json)) {
          return { op: 'set', items: json.map((item, i) => this.value(item, `${path}[${i}]`)) };
        }
        return this.compoundValue(this.object(json, path), path);
    }
  }

  private compoundValue(json: JsonObject, path: string): Expr {
    if (json.__entity !== undefined) return { op: 'entity', uid: this.uid(json, path) };
    if (json.__extn !== undefined) {
      const { fn, arg, args } = this.object(json.__extn, `${path}.__extn`);
      const name = this.text(fn, `${path}.__extn.fn`);
      const given = args === undefined ? [arg] : this.list(args, `${path}.__extn.args`);
      return this.call(
        name,
        given.map((value) => ({ Value: value })),
        `${path}.__extn`,
      );
    }
    return {
      op: 'record',
      entries: Object.entries(json).map(([key, value]) => [key, this.value(value, `${path}.${key}`)] as const),
    };
  }

  private pattern(json: Json, path: string): Pattern {
    const texts = [''];
    for (const [i, element] of this.list(json, path).entries()) {
      if (element === 'Wildcard') texts.push('');
      else texts[texts.length - 1] += this.text(this.object(element, `${path}[${i}]`).Literal, `${path}[${i}]`);
    }
    return texts;
  }
}
