import type { BinaryOperator, Expr } from '../policy/ast.js';
import { EvaluationFailure } from '../values/failure.js';
import type { Entity, RecordValue, Value } from '../values/value.js';
import { wrongArity } from './closures.js';
import { constantOf } from './constant.js';
import { entitySetOf, type NameTable } from './environment.js';
import { EXTENSION_FUNCTIONS, type ExtensionFunction } from './extensions.js';
import { compileLike } from './like.js';
import { OPERATORS, type Operators } from './operators.js';

/**
 * A condition as generated JavaScript: principal, action, resource, context, the constants of the policy, and a store's
 * objects for the uids of the table.
 */
export type Generated = (
  p: Entity,
  a: Entity,
  r: Entity,
  c: RecordValue,
  K: readonly unknown[],
  N: readonly Value[],
) => boolean;

/**
 * What policies of one shape share. Code has only fixed words, indexes and punctuation in it: every text of a policy is
 * in its table of constants `K`, so policies that differ only in those are one function.
 */
interface Shape {
  readonly code: string;
  readonly constants: readonly unknown[];
}

type Kind = 'bool' | 'entity' | 'any';
interface Code {
  readonly text: string;
  readonly kind: Kind;
}

/** The shape of a condition, or undefined when it is too large to generate well. */
export function shapeOf(expr: Expr, table: NameTable, operators: Operators = OPERATORS): Shape | undefined {
  const generator = new Generator(table, operators);
  const text = generator.bool(expr);
  return generator.tooLarge ? undefined : { code: generator.functionOf(text), constants: generator.constants };
}

/** Turns the code of a shape into a function. @throws where code generation is disallowed */
export function generate(code: string, operators: Operators): Generated {
  return new Function('O', code)(operators) as Generated;
}

/** Whether this runtime lets code be generated. Looked at once. */
export const CAN_GENERATE: boolean = (() => {
  try {
    return new Function('return true')() as boolean;
  } catch {
    return false;
  }
})();

const MAX_NODES = 600;
const MAX_DEPTH = 60;
const NAMES = Object.keys(OPERATORS).join(',');

class Generator {
  readonly constants: unknown[] = [];
  private nodes = 0;
  private depth = 0;
  private temporaries = 0;

  constructor(
    private readonly table: NameTable,
    private readonly operators: Operators,
  ) {}

  get tooLarge(): boolean {
    return this.nodes > MAX_NODES;
  }

  functionOf(text: string): string {
    const temporaries = Array.from({ length: this.temporaries }, (_, i) => `t${i}`);
    const declared = temporaries.length === 0 ? '' : `let ${temporaries.join(',')};`;
    return `"use strict";const {${NAMES}}=O;return function(p,a,r,c,K,N){${declared}return ${text}}`;
  }

  private constant(value: unknown): string {
    return `K[${this.constants.push(value) - 1}]`;
  }

  /** An expression where a bool is needed. */
  bool(expr: Expr): string {
    const { text, kind } = this.value(expr);
    return kind === 'bool' ? text : `bool(${text})`;
  }

  private text(expr: Expr): string {
    return this.value(expr).text;
  }

  private value(expr: Expr): Code {
    this.nodes += 1;
    this.depth += 1;
    if (this.depth > MAX_DEPTH) this.nodes = MAX_NODES + 1;
    const code = this.tooLarge ? { text: '0', kind: 'any' as const } : this.code(expr);
    this.depth -= 1;
    return code;
  }

  private code(expr: Expr): Code {
    const constant = constantOf(expr, this.operators);
    if (constant !== undefined) {
      if (typeof constant === 'boolean') return { text: String(constant), kind: 'bool' };
      return { text: this.constant(constant), kind: 'any' };
    }
    const entities = entitySetOf(expr);
    if (entities !== undefined) return { text: `N[${this.constant(this.table.indexOfSet(entities))}]`, kind: 'any' };
    switch (expr.op) {
      case 'value':
        return { text: this.constant(expr.value), kind: 'any' };
      case 'entity':
        return { text: `N[${this.constant(this.table.indexOf(expr.uid))}]`, kind: 'entity' };
      case 'variable':
        return { text: expr.name[0] as string, kind: expr.name === 'context' ? 'any' : 'entity' };
      case 'slot':
        return { text: `${this.constant(unlinked(expr.slot))}()`, kind: 'any' };
      case '!':
        return { text: `!${this.bool(expr.arg)}`, kind: 'bool' };
      case 'neg':
        return { text: `negate(${this.text(expr.arg)})`, kind: 'any' };
      case 'isEmpty':
        return { text: `isEmpty(${this.text(expr.arg)})`, kind: 'bool' };
      case 'get':
        return { text: `get(${this.text(expr.of)},${this.constant(expr.attribute)})`, kind: 'any' };
      case 'has':
        return { text: this.has(expr.of, expr.path), kind: 'bool' };
      case 'like':
        return { text: `like(${this.text(expr.of)},${this.constant(compileLike(expr.pattern))})`, kind: 'bool' };
      case 'is':
        return { text: this.is(expr.of, expr.entityType, expr.within), kind: 'bool' };
      case 'if': {
        const [yes, no] = [this.value(expr.yes), this.value(expr.no)];
        const kind = yes.kind === no.kind ? yes.kind : 'any';
        return { text: `(${this.bool(expr.test)}?${yes.text}:${no.text})`, kind };
      }
      case 'set':
        return { text: `set([${expr.items.map((item) => this.text(item)).join(',')}])`, kind: 'any' };
      case 'record': {
        const names = this.constant(expr.entries.map(([name]) => name));
        return {
          text: `record(${names},[${expr.entries.map(([, value]) => this.text(value)).join(',')}])`,
          kind: 'any',
        };
      }
      case 'call':
        return { text: this.call(expr.name, expr.args), kind: 'any' };
      case '&&':
      case '||':
        return { text: this.chain(expr), kind: 'bool' };
      default:
        return this.binary(expr.op, expr.left, expr.right);
    }
  }

  private has(of: Expr, path: readonly string[]): string {
    const [first, ...rest] = path as [string, ...string[]];
    if (rest.length === 0) return `has(${this.text(of)},${this.constant(first)})`;
    const at = this.temporary();
    const tests = [`has(${at}=${this.text(of)},${this.constant(first)})`];
    let previous = first;
    for (const name of rest) {
      tests.push(`has(${at}=get(${at},${this.constant(previous)}),${this.constant(name)})`);
      previous = name;
    }
    return `(${tests.join('&&')})`;
  }

  private is(of: Expr, entityType: string, within: Expr | undefined): string {
    const type = this.constant(entityType);
    if (within === undefined) return `hasType(${this.text(of)},${type})`;
    const at = this.temporary();
    return `(hasType(${at}=${this.text(of)},${type})&&isIn(${at},${this.text(within)}))`;
  }

  private call(name: string, args: readonly Expr[]): string {
    const { call, arity } = EXTENSION_FUNCTIONS.get(name) as ExtensionFunction;
    const run = args.length === arity ? call : wrongArity(name, arity, args.length);
    return `${this.constant(run)}(${args.map((arg) => this.text(arg)).join(',')})`;
  }

  /** A chain of one operator, flat: generated code nests only where the policy does. */
  private chain(expr: Extract<Expr, { left: Expr }>): string {
    const operands: Expr[] = [];
    let at: Expr = expr;
    for (; at.op === expr.op; at = (at as typeof expr).left) operands.push((at as typeof expr).right);
    operands.push(at);
    return `(${operands
      .reverse()
      .map((operand) => this.bool(operand))
      .join(expr.op)})`;
  }

  private binary(op: Exclude<BinaryOperator, '&&' | '||'>, left: Expr, right: Expr): Code {
    const [a, b] = [this.value(left), this.value(right)];
    switch (op) {
      case '==':
        return { text: this.equal(a, b), kind: 'bool' };
      case '!=':
        return { text: `!${this.equal(a, b)}`, kind: 'bool' };
      case '>':
        return { text: `less(${b.text},${a.text})`, kind: 'bool' };
      case '>=':
        return { text: `lessOrEqual(${b.text},${a.text})`, kind: 'bool' };
      case '+':
        return { text: `add(${a.text},${b.text})`, kind: 'any' };
      case '-':
        return { text: `subtract(${a.text},${b.text})`, kind: 'any' };
      case '*':
        return { text: `multiply(${a.text},${b.text})`, kind: 'any' };
      case 'getTag':
        return { text: `getTag(${a.text},${b.text})`, kind: 'any' };
      default: {
        const name = FUNCTION[op];
        return { text: `${name}(${a.text},${b.text})`, kind: 'bool' };
      }
    }
  }

  private equal(a: Code, b: Code): string {
    return `equal(${a.text},${b.text})`;
  }

  private temporary(): string {
    this.temporaries += 1;
    return `t${this.temporaries - 1}`;
  }
}

const FUNCTION = {
  '<': 'less',
  '<=': 'lessOrEqual',
  in: 'isIn',
  contains: 'contains',
  containsAll: 'containsAll',
  containsAny: 'containsAny',
  hasTag: 'hasTag',
} as const;

function unlinked(slot: string): () => Value {
  return () => {
    throw new EvaluationFailure(`the template slot ${slot} is not linked`);
  };
}
