import { compileAccumulator } from '../../../ledger/accumulators/accumulator.js';
import type { ResultIntegrity } from '../../../ledger/accumulators/result-integrity.js';
import { actionsNamed, syntaxOf } from '../../../ledger/cel-ast.js';
import { integrityLevel } from '../../../ledger/flow/labels.js';
import { type ToolDescription, Tools } from '../../../ledger/flow/tool-description.js';
import { EFFECTS } from '../../format/tools.js';
import type { Rule } from '../rule.js';
import { hasAction } from '../schema-parts.js';
import { compiling } from './expression.js';

/** An accumulator over results that the answer of a tool can never count in. */
export const untrustedResult: Rule = {
  code: 'ledger/untrusted-result',
  check(bundle, find) {
    const over = [...compiling(bundle)].flatMap(([name, declared]) => {
      const { resultIntegrity } = compileAccumulator(name, declared);
      return resultIntegrity === undefined ? [] : [{ name, on: declared.on, least: resultIntegrity }];
    });
    const [first] = over;
    if (first === undefined) return;
    const { tools, defaults } = bundle.tools;
    if (Object.keys(tools).length === 0) {
      find
        .in('ledger.yaml')
        .error(
          `${first.name} is over results, and tools.yaml describes no tool`,
          'describe the tools: without that no answer is read',
          ['accumulators', first.name],
        );
      return;
    }
    let described: Tools;
    try {
      described = new Tools(tools, defaults, EFFECTS);
    } catch {
      return; // `tools/description` says it.
    }
    for (const { name, on, least } of over) {
      const actions = on === undefined ? undefined : actionsNamed(syntaxOf(on));
      for (const action of actions ?? []) {
        if (!hasAction(bundle, action) || canBe(described.of(action), least)) continue;
        find
          .in('ledger.yaml')
          .warning(
            `${name}: no value that ${action} answers is ${least} or better`,
            'say in tools.yaml which are, or with `integrity` that less is enough',
            ['accumulators', name],
          );
      }
    }
  },
};

/** Returns whether a value of an answer can be worth this much. */
function canBe({ rules, unclassified }: ToolDescription, least: ResultIntegrity): boolean {
  const level = integrityLevel(least);
  const isWhole = rules.some(({ path, when }) => path === '$' && when === undefined);
  if (!isWhole && integrityLevel(unclassified.integrity) >= level) return true;
  return rules.some(({ integrity }) => integrity !== undefined && integrityLevel(integrity) >= level);
}
