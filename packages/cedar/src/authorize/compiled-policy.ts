import { type Closure, compileClosure } from '../evaluate/closures.js';
import { conditionOf, unindexedOf } from '../evaluate/condition.js';
import type { Environment, NameTable } from '../evaluate/environment.js';
import { CAN_GENERATE, type Generated, generate, shapeOf } from '../evaluate/generate.js';
import type { Operators } from '../evaluate/operators.js';
import type { Expr, Policy } from '../policy/ast.js';
import type { Value } from '../values/value.js';

/** How the conditions of a policy set are compiled. */
export interface CompilerOptions {
  readonly operators: Operators;
  /** `closures` where code generation is disallowed or not wanted; the answers are the same. */
  readonly backend: 'generated' | 'closures';
  /** From how many policies on they are indexed by scope. */
  readonly indexFrom: number;
}

/**
 * Functions by the code of their shape, those of the last use at the end. A bound, for all sets and for what one set generates,
 * because each distinct shape is code that the engine keeps.
 */
const MAX_SHAPES = 5_000;
const shapesOf = new WeakMap<Operators, Map<string, Generated>>();

/** An expression, compiled when it is first evaluated: of a large set most never are. */
export class CompiledCondition {
  private generated: Generated | undefined;
  private closure: Closure | undefined;
  private constants: readonly unknown[] = [];

  constructor(
    private readonly expr: () => Expr,
    private readonly table: NameTable,
    private readonly options: CompilerOptions,
  ) {}

  holds(env: Environment, named: readonly Value[]): boolean {
    if (this.generated !== undefined) {
      return this.generated(env.principal, env.action, env.resource, env.context, this.constants, named);
    }
    if (this.closure === undefined) {
      this.compile();
      return this.holds(env, named);
    }
    return this.options.operators.bool(this.closure(env, named));
  }

  /** Compiles it now, if it is not. */
  compile(): void {
    if (this.generated !== undefined || this.closure !== undefined) return;
    const { operators, backend } = this.options;
    const expr = this.expr();
    const shape = backend === 'generated' && CAN_GENERATE ? shapeOf(expr, this.table, operators) : undefined;
    const generated = shape && functionOf(shape.code, operators, this.table);
    if (shape !== undefined && generated !== undefined) {
      this.constants = shape.constants;
      this.generated = generated;
    } else {
      this.closure = compileClosure(expr, this.table, operators);
    }
  }
}

/** A policy of a set. */
export class CompiledPolicy {
  readonly id: string;
  readonly isForbid: boolean;
  /** The last decision that looked at it: one that finds it twice evaluates it once. */
  seen = 0;
  private expr: Expr | undefined;
  private whole: CompiledCondition | undefined;
  private readonly rest: CompiledCondition;

  constructor(
    readonly policy: Policy,
    /** Its place in the set: reasons are given in this order. */
    readonly order: number,
    private readonly table: NameTable,
    private readonly options: CompilerOptions,
    isIndexed: boolean,
  ) {
    this.id = policy.id;
    this.isForbid = policy.effect === 'forbid';
    this.rest = new CompiledCondition(() => (isIndexed ? unindexedOf(policy) : conditionOf(policy)), table, options);
    if (!isIndexed) this.whole = this.rest;
  }

  /** The policy as one expression. */
  get condition(): Expr {
    this.expr ??= conditionOf(this.policy);
    return this.expr;
  }

  /** Compiles what decisions over an index call. */
  compile(): void {
    this.rest.compile();
  }

  /** @throws {EvaluationFailure} when Cedar says that the policy cannot be evaluated */
  applies(env: Environment, named: readonly Value[]): boolean {
    this.whole ??= new CompiledCondition(() => this.condition, this.table, this.options);
    return this.whole.holds(env, named);
  }

  /** The same, when the index has found the policy for this principal and action: it need not look again. */
  appliesAsFound(env: Environment, named: readonly Value[]): boolean {
    return this.rest.holds(env, named);
  }
}

/** Returns the function of a shape's code; undefined if the set has generated as many as it may. */
function functionOf(code: string, operators: Operators, table: NameTable): Generated | undefined {
  let shapes = shapesOf.get(operators);
  if (shapes === undefined) {
    shapes = new Map();
    shapesOf.set(operators, shapes);
  }
  const known = shapes.get(code);
  if (known !== undefined) {
    shapes.delete(code);
    shapes.set(code, known);
    return known;
  }
  if (table.generated >= MAX_SHAPES) return undefined;
  const generated = generate(code, operators);
  table.generated += 1;
  if (shapes.size >= MAX_SHAPES) shapes.delete(shapes.keys().next().value as string);
  shapes.set(code, generated);
  return generated;
}
