import type { Expr } from '../policy/ast.js';
import { EvaluationFailure } from '../values/failure.js';
import type { Value } from '../values/value.js';
import { binary } from './binary.js';
import { constantOf } from './constant.js';
import { type Environment, entitySetOf, type NameTable } from './environment.js';
import { EXTENSION_FUNCTIONS, type ExtensionFunction } from './extensions.js';
import { compileLike } from './like.js';
import { hasPath, type Operators } from './operators.js';

/** An expression as a closure. `named` are a store's objects for the uids of the table. */
export type Closure = (env: Environment, named: readonly Value[]) => Value;

/** Compiles an expression to closures: where code generation is disallowed, and for what is rarely evaluated. */
export function compileClosure(expr: Expr, table: NameTable, operators: Operators): Closure {
  const constant = constantOf(expr, operators);
  if (constant !== undefined) return () => constant;
  const entities = entitySetOf(expr);
  if (entities !== undefined) {
    const index = table.indexOfSet(entities);
    return (_env, named) => named[index] as Value;
  }
  const compile = (e: Expr): Closure => compileClosure(e, table, operators);
  const { bool } = operators;
  switch (expr.op) {
    case 'value': {
      const { value } = expr;
      return () => value;
    }
    case 'entity': {
      const index = table.indexOf(expr.uid);
      return (_env, named) => named[index] as Value;
    }
    case 'variable': {
      const { name } = expr;
      return (env) => env[name];
    }
    case 'slot':
      return () => {
        throw new EvaluationFailure(`the template slot ${expr.slot} is not linked`);
      };
    case '!': {
      const arg = compile(expr.arg);
      return (env, named) => !bool(arg(env, named));
    }
    case 'neg': {
      const arg = compile(expr.arg);
      return (env, named) => operators.negate(arg(env, named));
    }
    case 'isEmpty': {
      const arg = compile(expr.arg);
      return (env, named) => operators.isEmpty(arg(env, named));
    }
    case 'get': {
      const of = compile(expr.of);
      const { attribute } = expr;
      return (env, named) => operators.get(of(env, named), attribute);
    }
    case 'has': {
      const of = compile(expr.of);
      const { path } = expr;
      return (env, named) => hasPath(of(env, named), path, operators);
    }
    case 'like': {
      const of = compile(expr.of);
      const matches = compileLike(expr.pattern);
      return (env, named) => operators.like(of(env, named), matches);
    }
    case 'is': {
      const of = compile(expr.of);
      const { entityType } = expr;
      if (expr.within === undefined) return (env, named) => operators.hasType(of(env, named), entityType);
      const within = compile(expr.within);
      return (env, named) => {
        const value = of(env, named);
        return operators.hasType(value, entityType) && operators.isIn(value, within(env, named));
      };
    }
    case 'if': {
      const [test, yes, no] = [compile(expr.test), compile(expr.yes), compile(expr.no)];
      return (env, named) => (bool(test(env, named)) ? yes(env, named) : no(env, named));
    }
    case 'set': {
      const items = expr.items.map(compile);
      return (env, named) => operators.set(items.map((item) => item(env, named)));
    }
    case 'record': {
      const names = expr.entries.map(([name]) => name);
      const values = expr.entries.map(([, value]) => compile(value));
      return (env, named) =>
        operators.record(
          names,
          values.map((value) => value(env, named)),
        );
    }
    case 'call': {
      const { call, arity } = EXTENSION_FUNCTIONS.get(expr.name) as ExtensionFunction;
      const args = expr.args.map(compile);
      if (args.length !== arity) return wrongArity(expr.name, arity, args.length);
      return (env, named) => call(...args.map((arg) => arg(env, named)));
    }
    case '&&': {
      const [left, right] = [compile(expr.left), compile(expr.right)];
      return (env, named) => bool(left(env, named)) && bool(right(env, named));
    }
    case '||': {
      const [left, right] = [compile(expr.left), compile(expr.right)];
      return (env, named) => bool(left(env, named)) || bool(right(env, named));
    }
    default: {
      const [left, right] = [compile(expr.left), compile(expr.right)];
      const apply = binary(expr.op, operators);
      return (env, named) => apply(left(env, named), right(env, named));
    }
  }
}

/** Cedar accepts a call with too many or too few arguments, and fails its evaluation. */
export function wrongArity(name: string, arity: number, given: number): () => never {
  return () => {
    throw new EvaluationFailure(`\`${name}\` takes ${arity} argument(s), got ${given}`);
  };
}
