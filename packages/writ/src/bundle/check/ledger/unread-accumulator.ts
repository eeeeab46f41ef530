import { isObject } from '@writ/sdk/lib/is-object';
import type { Rule } from '../rule.js';

/** An accumulator that no policy reads. */
export const unreadAccumulator: Rule = {
  code: 'ledger/unread-accumulator',
  check({ ledger: { accumulators }, sources }, find) {
    const read = new Set(sources.flatMap(({ json }) => [...ledgerReads(json)]));
    for (const name of Object.keys(accumulators)) {
      if (read.has(name)) continue;
      find
        .in('ledger.yaml')
        .warning(`no policy reads the accumulator ${name}`, 'remove it, or use context.ledger', ['accumulators', name]);
    }
  },
};

/** Yields the attributes of `context.ledger` that a policy reads or tests, by Cedar's JSON policy format. */
function* ledgerReads(json: unknown): Generator<string> {
  if (Array.isArray(json)) for (const one of json) yield* ledgerReads(one);
  if (!isObject(json)) return;
  for (const [operator, operands] of Object.entries(json)) {
    const isAccess = (operator === '.' || operator === 'has') && isObject(operands) && isLedger(operands.left);
    if (isAccess) yield String(operands.attr);
    yield* ledgerReads(operands);
  }
}

function isLedger(json: unknown): boolean {
  const access = isObject(json) ? json['.'] : undefined;
  return isObject(access) && access.attr === 'ledger' && isObject(access.left) && access.left.Var === 'context';
}
