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
  if (typeof json !== 'object' || json === null) return;
  for (const [operator, operands] of Object.entries(json)) {
    if ((operator === '.' || operator === 'has') && isLedger(operands.left)) yield String(operands.attr);
    yield* ledgerReads(operands);
  }
}

function isLedger(json: unknown): boolean {
  const { '.': access } = json as { '.'?: { left: { Var?: string }; attr: string } };
  return access?.attr === 'ledger' && access.left.Var === 'context';
}
