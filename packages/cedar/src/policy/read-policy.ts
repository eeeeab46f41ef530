import { CedarError } from '../errors.js';
import { EXTENSION_FUNCTIONS } from '../evaluate/extensions.js';
import { type JsonObject, memberProblem } from '../members.js';
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
import { isIdentifier, isTypeName } from './lexical.js';

type Json = unknown;

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

  private fail(path: string, message: string, help?: string): never {
    throw new CedarError('policy', `policy \`${this.id}\`: ${message}`, { path, policyId: this.id, help });
  }

  private object(json: Json, path: string): JsonObject {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) this.fail(path, 'expected an object');
    return json as JsonObject;
  }

  /** An object with these members and no other. */
  private members(json: Json, path: string, required: readonly string[], optional?: readonly string[]): JsonObject {
    const object = this.object(json, path);
    const problem = memberProblem(object, required, optional);
    if (problem !== undefined) this.fail(path, problem.message, problem.help);
    return object;
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
    const policy = this.members(
      json,
      '$',
      ['effect', 'principal', 'action', 'resource', 'conditions'],
      ['annotations'],
    );
    const effect = policy.effect;
    if (effect !== 'permit' && effect !== 'forbid') this.fail('$.effect', 'the effect is `permit` or `forbid`');
    const annotations = Object.create(null) as Record<string, string>;
    const given = policy.annotations === undefined ? {} : this.object(policy.annotations, '$.annotations');
    for (const [name, value] of Object.entries(given)) {
      if (!isIdentifier(name)) this.fail('$.annotations', `\`${name}\` is not the name of an annotation`);
      annotations[name] = value === null ? '' : this.text(value, `$.annotations.${name}`);
    }
    return Object.freeze({
      id: this.id,
      effect,
      annotations: Object.freeze(annotations),
      principal: this.scope(policy.principal, '$.principal', '?principal'),
      action: this.action(policy.action, '$.action'),
      resource: this.scope(policy.resource, '$.resource', '?resource'),
      conditions: this.list(policy.conditions, '$.conditions').map((item, i) => {
        const path = `$.conditions[${i}]`;
        const { kind, body } = this.members(item, path, ['kind', 'body']);
        if (kind !== 'when' && kind !== 'unless') this.fail(`${path}.kind`, 'the kind is `when` or `unless`');
        return Object.freeze({ kind, body: this.expr(body, `${path}.body`) });
      }),
    });
  }

  private uid(json: Json, path: string): EntityUid {
    const outer = this.object(json, path);
    const inner = Object.hasOwn(outer, '__entity') ? this.members(json, path, ['__entity']).__entity : outer;
    const { type, id } = this.members(inner, path, ['type', 'id']);
    return Object.freeze({ type: this.typeName(type, `${path}.type`), id: this.text(id, `${path}.id`) });
  }

  private typeName(json: Json, path: string): string {
    const name = this.text(json, path);
    if (!isTypeName(name)) this.fail(path, `\`${name}\` is not the name of an entity type`);
    return name;
  }

  private actionUid(json: Json, path: string): EntityUid {
    const uid = this.uid(json, path);
    if (uid.type !== 'Action' && !uid.type.endsWith('::Action')) {
      this.fail(path, `an action is of the type Action, not ${uid.type}`);
    }
    return uid;
  }

  private slot(json: Json, path: string, allowed?: Slot): Slot {
    if (this.kind === 'static') this.fail(path, 'a policy that is not a template has no slots');
    if ((json !== '?principal' && json !== '?resource') || (allowed !== undefined && json !== allowed)) {
      this.fail(path, `the slot here is ${allowed ?? '?principal or ?resource'}`);
    }
    return json;
  }

  private target(json: JsonObject, path: string, slot: Slot): Target {
    if (Object.hasOwn(json, 'slot')) return { slot: this.slot(json.slot, `${path}.slot`, slot) };
    return { uid: this.uid(json.entity, `${path}.entity`) };
  }

  private scope(json: Json, path: string, slot: Slot): ScopeConstraint {
    const head = this.object(json, path);
    switch (head.op) {
      case 'All':
        this.members(json, path, ['op']);
        return { op: 'all' };
      case '==':
      case 'in':
        this.members(json, path, ['op', Object.hasOwn(head, 'slot') ? 'slot' : 'entity']);
        return { op: head.op, target: this.target(head, path, slot) };
      case 'is': {
        this.members(json, path, ['op', 'entity_type'], ['in']);
        const entityType = this.typeName(head.entity_type, `${path}.entity_type`);
        if (head.in === undefined) return { op: 'is', entityType };
        const within = this.object(head.in, `${path}.in`);
        this.members(within, `${path}.in`, [Object.hasOwn(within, 'slot') ? 'slot' : 'entity']);
        return { op: 'is', entityType, within: this.target(within, `${path}.in`, slot) };
      }
      default:
        return this.fail(`${path}.op`, 'the op is `All`, `==`, `in` or `is`');
    }
  }

  private action(json: Json, path: string): ActionConstraint {
    const head = this.object(json, path);
    switch (head.op) {
      case 'All':
        this.members(json, path, ['op']);
        return { op: 'all' };
      case '==':
        this.members(json, path, ['op', 'entity']);
        return { op: '==', uid: this.actionUid(head.entity, `${path}.entity`) };
      case 'in':
        this.members(json, path, ['op', Object.hasOwn(head, 'entities') ? 'entities' : 'entity']);
        if (head.entities === undefined) return { op: 'in', uids: [this.actionUid(head.entity, `${path}.entity`)] };
        return {
          op: 'in',
          uids: this.list(head.entities, `${path}.entities`).map((e, i) => this.actionUid(e, `${path}.entities[${i}]`)),
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
      const { left, right } = this.members(json, path, ['left', 'right']);
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
        return { op: name, arg: this.expr(this.members(json, path, ['arg']).arg, `${path}.arg`) };
      case '.': {
        const { left, attr } = this.members(json, path, ['left', 'attr']);
        return { op: 'get', of: this.expr(left, `${path}.left`), attribute: this.text(attr, `${path}.attr`) };
      }
      case 'has': {
        const { left, attr } = this.members(json, path, ['left', 'attr']);
        const attrs = typeof attr === 'string' ? [attr] : this.list(attr, `${path}.attr`);
        if (attrs.length === 0) this.fail(`${path}.attr`, '`has` needs an attribute');
        return {
          op: 'has',
          of: this.expr(left, `${path}.left`),
          path: attrs.map((a, i) => this.text(a, `${path}.attr[${i}]`)),
        };
      }
      case 'like': {
        const { left, pattern } = this.members(json, path, ['left', 'pattern']);
        return { op: 'like', of: this.expr(left, `${path}.left`), pattern: this.pattern(pattern, `${path}.pattern`) };
      }
      case 'is': {
        const is = this.members(json, path, ['left', 'entity_type'], ['in']);
        const of = this.expr(is.left, `${path}.left`);
        const entityType = this.typeName(is.entity_type, `${path}.entity_type`);
        if (is.in === undefined) return { op: 'is', of, entityType };
        return { op: 'is', of, entityType, within: this.expr(is.in, `${path}.in`) };
      }
      case 'if-then-else': {
        const parts = this.members(json, path, ['if', 'then', 'else']);
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
    if (Object.hasOwn(json, '__entity')) return { op: 'entity', uid: this.uid(json, path) };
    if (Object.hasOwn(json, '__extn')) {
      this.members(json, path, ['__extn']);
      const extension = this.object(json.__extn, `${path}.__extn`);
      this.members(extension, `${path}.__extn`, ['fn', Object.hasOwn(extension, 'args') ? 'args' : 'arg']);
      const { fn, arg, args } = extension;
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
      const at = `${path}[${i}]`;
      if (element === 'Wildcard') texts.push('');
      else texts[texts.length - 1] += this.text(this.members(element, at, ['Literal']).Literal, at);
    }
    return texts;
  }
}
