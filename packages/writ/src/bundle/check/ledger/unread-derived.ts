import { expressionsOf } from '../../../ledger/accumulators/accumulator.js';
import { conditionPart } from '../../../ledger/accumulators/over-results.js';
import { names, syntaxOf, wordsIn } from '../../../ledger/cel-ast.js';
import type { Bundle } from '../../bundle.js';
import { addContextReads, noReads } from '../../provided/context-reads.js';
import type { Rule } from '../rule.js';
import { compiling } from './expression.js';

/** A derived value that no policy and no accumulator reads. */
export const unreadDerived: Rule = {
  code: 'ledger/unread-derived',
  check(bundle, find) {
    const declared = Object.keys(bundle.ledger.derived);
    if (declared.length === 0) return;
    const reads = noReads();
    for (const source of bundle.sources) addContextReads(reads, source);
    const byPolicies = reads.of.get('derived');
    const read = new Set([...(byPolicies?.of.keys() ?? []), ...readByAccumulators(bundle)]);
    for (const name of declared) {
      if (read.has(name)) continue;
      find
        .in('ledger.yaml')
        .warning(`no policy and no accumulator reads the derived value ${name}`, 'remove it, or use context.derived', [
          'derived',
          name,
        ]);
    }
  },
};

function* readByAccumulators(bundle: Bundle): Generator<string> {
  for (const [name, declared] of compiling(bundle)) {
    for (const part of [conditionPart(declared), ...expressionsOf(name, declared)]) {
      const ast = part && syntaxOf(part.text);
      if (ast !== undefined && names(ast, 'derived')) yield* wordsIn(ast);
    }
  }
}
