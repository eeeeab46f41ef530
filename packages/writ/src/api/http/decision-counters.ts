import { Counter, type Registry } from 'prom-client';
import type { EntryNote } from '../../audit/log/entry-notes.js';
import { BoundedNames } from '../../lib/bounded-names.js';

/** The most names of policies, of tools, and of clients: past it they are counted as `other`. */
const MAX_NAMES = 500;

/** Counts decisions by result, policy, tool and client. */
export class DecisionCounters {
  private readonly byResult;
  private readonly byPolicy;
  private readonly byTool;
  private readonly byClient;

  /** @param names receives the metrics that name policies, tools and clients */
  constructor(registry: Registry, names: Registry) {
    const registers = [registry];
    this.byResult = new Counter({
      name: 'writ_decisions_total',
      help: 'Decisions on the record, by result',
      labelNames: ['result', 'refusal'] as const,
      registers,
    });
    this.byPolicy = new NamedCounter('policy', 'by a policy that determined them', names);
    this.byTool = new NamedCounter('tool', 'by the tool, or the action if it is no tool', names);
    this.byClient = new NamedCounter('client', 'by the caller that asked, or the agent behind the gateway', names);
  }

  /** Counts a decision. Does nothing for another entry. */
  count({ result, refusal = '', reasons = [], tool, client }: EntryNote): void {
    if (result === undefined) return;
    this.byResult.inc({ result, refusal });
    if (tool !== undefined) this.byTool.count(tool, result);
    if (client !== undefined) this.byClient.count(client, result);
    // A policy that decided for several identities decided once.
    for (const policy of new Set(reasons.map((reason) => reason.policy))) this.byPolicy.count(policy, result);
  }
}

/** Counts decisions by result and one name. The names are bounded: some are of tokens, or of requests. */
class NamedCounter {
  private readonly counter: Counter;
  private readonly names = new BoundedNames(MAX_NAMES);

  constructor(
    private readonly label: 'policy' | 'tool' | 'client',
    what: string,
    registry: Registry,
  ) {
    this.counter = new Counter({
      name: `writ_decisions_by_${label}_total`,
      help: `Decisions on the record, ${what}; at most ${MAX_NAMES} names, and the rest as "other"`,
      labelNames: [label, 'result'],
      registers: [registry],
    });
  }

  count(name: string, result: string): void {
    this.counter.inc({ [this.label]: this.names.of(name), result });
  }
}
