import type { Environment } from '@marcbachmann/cel-js';
import { expressionsOf } from '../../../ledger/accumulators/accumulator.js';
import { environment } from '../../../ledger/accumulators/environment.js';
import type { CelPart } from '../../../ledger/accumulators/expression.js';
import { conditionPart } from '../../../ledger/accumulators/over-results.js';
import { actionsNamed, syntaxOf } from '../../../ledger/cel-ast.js';
import { celProblem } from '../../../lib/cel-problem.js';
import type { Rule } from '../rule.js';
import { celTypeOfSchema } from '../schema-cel-types.js';
import { valueAt } from '../yaml-places.js';
import { compiling } from './expression.js';

/** An expression over results that the `outputSchema` of the tool cannot give: no answer of the tool counts. */
export const resultType: Rule = {
  code: 'ledger/result-type',
  check(bundle, find) {
    for (const [name, declared] of compiling(bundle)) {
      const { on } = declared;
      const actions = on === undefined ? undefined : actionsNamed(syntaxOf(on));
      const [action, ...others] = actions ?? [];
      // Of several actions, the expression can hang on which one it is.
      if (action === undefined || others.length > 0) continue;
      const schema = Object.hasOwn(bundle.tools.tools, action) ? bundle.tools.tools[action]?.outputSchema : undefined;
      if (schema === undefined) continue;
      const within = answerEnvironment(schema);
      for (const part of [conditionPart(declared), ...expressionsOf(name, declared)]) {
        const wrong = part?.seesResult === true ? misfitOf(part, within) : undefined;
        if (part === undefined || wrong === undefined) continue;
        find
          .in('ledger.yaml')
          .warning(
            `${name}: \`${part.part}\` ${wrong.why}, by the outputSchema of ${action}`,
            'its answers count nothing; mend the expression, or the schema in tools.yaml',
            valueAt(['accumulators', name, part.part], wrong.offset),
          );
      }
    }
  },
};

function answerEnvironment(schema: unknown): Environment {
  const type = celTypeOfSchema(schema);
  const known = environment(undefined);
  return typeof type === 'string'
    ? known.registerVariable('result', type)
    : known.registerVariable({ name: 'result', schema: type });
}

function misfitOf(
  { text, gives }: CelPart,
  within: Environment,
): { readonly why: string; readonly offset: number } | undefined {
  const { valid, error, type = 'dyn' } = within.parse(text).check();
  if (!valid) {
    const { message, offset } = celProblem(error, within);
    return { why: `cannot be worked out: ${message}`, offset };
  }
  return gives.types.test(type) ? undefined : { why: `gives ${type}; it must give ${gives.meaning}`, offset: 0 };
}
