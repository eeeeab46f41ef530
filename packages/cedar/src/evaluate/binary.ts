import type { BinaryOperator } from '../policy/ast.js';
import type { Value } from '../values/value.js';
import type { Operators } from './operators.js';

/** The function of a binary operator; of `&&` and `||`, which do not always evaluate both sides, there is none. */
export function binary(op: Exclude<BinaryOperator, '&&' | '||'>, operators: Operators): (a: Value, b: Value) => Value {
  switch (op) {
    case '==':
      return operators.equal;
    case '!=':
      return (a, b) => !operators.equal(a, b);
    case '<':
      return operators.less;
    case '<=':
      return operators.lessOrEqual;
    case '>':
      return (a, b) => operators.less(b, a);
    case '>=':
      return (a, b) => operators.lessOrEqual(b, a);
    case '+':
      return operators.add;
    case '-':
      return operators.subtract;
    case '*':
      return operators.multiply;
    case 'in':
      return operators.isIn;
    case 'contains':
      return operators.contains;
    case 'containsAll':
      return operators.containsAll;
    case 'containsAny':
      return operators.containsAny;
    case 'getTag':
      return operators.getTag;
    case 'hasTag':
      return operators.hasTag;
  }
}
