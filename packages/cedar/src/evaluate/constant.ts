import type { Expr } from '../policy/ast.js';
import { EvaluationFailure } from '../values/failure.js';
import type { Value } from '../values/value.js';
import { EXTENSION_FUNCTIONS } from './extensions.js';
import type { Operators } from './operators.js';

/**
 * The value of an expression that is the same for every request: literals, and sets, records and extension calls over
 * them. Undefined when it depends on a request or on a store, or fails.
 */
export function constantOf(expr: Expr, operators: Operators): Value | undefined {
  switch (expr.op) {
    case 'value':
      return expr.value;
    case 'set': {
      const items = all(expr.items, operators);
      return items && operators.set(items);
    }
    case 'record': {
      const values = all(
        expr.entries.map(([, value]) => value),
        operators,
      );
      return (
        values &&
        operators.record(
          expr.entries.map(([name]) => name),
          values,
        )
      );
    }
    case 'call': {
      const args = all(expr.args, operators);
      const extension = EXTENSION_FUNCTIONS.get(expr.name);
      if (args === undefined || extension === undefined || extension.arity !== args.length) return undefined;
      try {
        return extension.call(...args);
      } catch (error) {
        if (error instanceof EvaluationFailure) return undefined;
        throw error;
      }
    }
    default:
      return undefined;
  }
}

function all(exprs: readonly Expr[], operators: Operators): Value[] | undefined {
  const values: Value[] = [];
  for (const expr of exprs) {
    const value = constantOf(expr, operators);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}
