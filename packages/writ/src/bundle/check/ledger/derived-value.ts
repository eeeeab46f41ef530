import { argumentsRead, argumentsTested, factsRead, syntaxOf } from '../../../ledger/cel-ast.js';
import { checkedDerived, compileDerived, derivedEnvironment } from '../../../ledger/derived/derived-expression.js';
import type { DerivedDeclaration } from '../../../ledger/derived/derived-values.js';
import { AccumulatorError } from '../../../ledger/errors.js';
import type { Bundle } from '../../bundle.js';
import { celRecord } from '../cel-types.js';
import type { Rule } from '../rule.js';
import { actionOf, contextRecord, hasAttribute } from '../schema-parts.js';

/** A derived value that does not compile, or that no call of one of its actions can give. */
export const derivedValue: Rule = {
  code: 'ledger/derived-value',
  check(bundle, find) {
    for (const [name, declared] of Object.entries(bundle.ledger.derived)) {
      const at = ['derived', name];
      const said = find.in('ledger.yaml');
      const error = errorIn(() => compileDerived(name, declared));
      if (error !== undefined) {
        said.error(error.message, error.help, at);
        continue;
      }
      for (const { type, attribute } of factsRead(syntaxOf(declared.is)))
        if (!hasAttribute(bundle, type ?? '', attribute ?? ''))
          said.error(
            `${name} reads ${attribute} of a ${type}, which the schema does not have`,
            'no such fact can be known',
            at,
          );
      for (const action of declared.of) {
        const why = misfitOf(bundle, name, declared, action);
        if (why !== undefined) said.error(`${name}: ${why}`, 'such a call is denied if a policy reads it', at);
      }
    }
  },
};

function errorIn(work: () => unknown): AccumulatorError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof AccumulatorError) return error;
    throw error;
  }
}

/** Returns why a value cannot be derived from every call of an action; undefined if it can. */
function misfitOf(bundle: Bundle, name: string, { type, is }: DerivedDeclaration, action: string): string | undefined {
  const declared = actionOf(bundle, action);
  if (declared === undefined) return `the schema has no action ${action}`;
  const input = declared.context.attributes.get('input');
  const record = input?.type.kind === 'record' ? celRecord(input.type) : {};
  const error = errorIn(() => checkedDerived(name, type, is, derivedEnvironment(record)));
  if (error !== undefined) return `for ${action}, ${error.message}`;
  const ast = syntaxOf(is);
  const [read, tested] = [argumentsRead(ast), argumentsTested(ast)];
  const its = contextRecord(declared, 'input');
  for (const argument of read) {
    const known = its?.get(argument);
    if (known === undefined) return `${action} has no argument ${argument}`;
    if ((!known.required || input?.required === false) && !tested.has(argument))
      return `${action} may leave out ${argument}; ask for it with has(input.${argument})`;
  }
  return undefined;
}
