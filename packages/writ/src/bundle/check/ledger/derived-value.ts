import { argumentAt, argumentsRead, argumentsTested, factsRead, syntaxOf } from '../../../ledger/cel-ast.js';
import { checkedDerived, compileDerived, derivedEnvironment } from '../../../ledger/derived/derived-expression.js';
import type { DerivedDeclaration } from '../../../ledger/derived/derived-values.js';
import { AccumulatorError, type DeclaredAt } from '../../../ledger/errors.js';
import type { Bundle } from '../../bundle.js';
import { celRecord } from '../cel-types.js';
import { declaredPlace } from '../declared-place.js';
import type { Rule } from '../rule.js';
import { actionOf, contextRecord, hasAttribute } from '../schema-parts.js';
import { valueAt } from '../yaml-places.js';

/** A derived value that does not compile, or that no call of one of its actions can give. */
export const derivedValue: Rule = {
  code: 'ledger/derived-value',
  check(bundle, find) {
    for (const [name, declared] of Object.entries(bundle.ledger.derived)) {
      const way = ['derived', name];
      const said = find.in('ledger.yaml');
      const error = errorIn(() => compileDerived(name, declared));
      if (error !== undefined) {
        said.error(error.message, error.help, declaredPlace(way, error.at));
        continue;
      }
      for (const { type, attribute, offset } of factsRead(syntaxOf(declared.is)))
        if (!hasAttribute(bundle, type ?? '', attribute ?? ''))
          said.error(
            `${name} reads ${attribute} of a ${type}, which the schema does not have`,
            'no such fact can be known',
            valueAt([...way, 'is'], offset),
          );
      for (const [i, action] of declared.of.entries()) {
        const wrong = misfitOf(bundle, name, declared, action);
        if (wrong === undefined) continue;
        const at = wrong.at === undefined ? valueAt([...way, 'of', i]) : declaredPlace(way, wrong.at);
        said.error(`${name}: ${wrong.why}`, 'such a call is denied if a policy reads it', at);
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

/** The reason why a value cannot be derived from a call of an action; without a place if the action is wrong. */
interface Unfit {
  readonly why: string;
  readonly at?: DeclaredAt | undefined;
}

/** Returns why a value cannot be derived from every call of an action; undefined if it can. */
function misfitOf(bundle: Bundle, name: string, { type, is }: DerivedDeclaration, action: string): Unfit | undefined {
  const declared = actionOf(bundle, action);
  if (declared === undefined) return { why: `the schema has no action ${action}` };
  const input = declared.context.attributes.get('input');
  const record = input?.type.kind === 'record' ? celRecord(input.type) : {};
  const error = errorIn(() => checkedDerived(name, type, is, derivedEnvironment(record)));
  if (error !== undefined) return { why: `for ${action}, ${error.message}`, at: error.at };
  const ast = syntaxOf(is);
  const [read, tested] = [argumentsRead(ast), argumentsTested(ast)];
  const its = contextRecord(declared, 'input');
  for (const argument of read) {
    const known = its?.get(argument);
    const at = { path: ['is'], offset: argumentAt(ast, argument) };
    if (known === undefined) return { why: `${action} has no argument ${argument}`, at };
    if ((!known.required || input?.required === false) && !tested.has(argument))
      return { why: `${action} may leave out ${argument}; ask for it with has(input.${argument})`, at };
  }
  return undefined;
}
