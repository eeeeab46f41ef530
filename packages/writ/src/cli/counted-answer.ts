import { type Accumulator, compileAccumulator } from '../ledger/accumulators/accumulator.js';
import { ResultDeclarations } from '../ledger/accumulators/actual.js';
import { type Amount, plainAmount } from '../ledger/accumulators/amounts.js';
import type { AccumulatorDeclaration } from '../ledger/accumulators/kind.js';
import { LedgerError } from '../ledger/errors.js';
import type { LedgerEvent } from '../ledger/event.js';
import type { Echo } from '../ledger/flow/echo.js';
import { seenPart } from '../ledger/flow/read-task.js';
import type { Leaf } from '../ledger/flow/result-labels.js';
import type { ToolDescription } from '../ledger/flow/tool-description.js';
import type { TaskKey } from '../lib/ids.js';

/** The call that was answered. */
interface AnsweredCall {
  readonly action: string;
  readonly input: unknown;
  /** The arguments that the answer may repeat. */
  readonly echoes: readonly Echo[];
}

/** The amount of an answer in an accumulator over results; without one it counts nothing. */
export interface CountedAnswer {
  readonly accumulator: string;
  readonly amount?: Amount;
  /** Why it cannot be counted. */
  readonly why?: string;
}

/** Counts answers in the accumulators over results, as far as the answer and its call alone say. */
export class AnswerCounter {
  private readonly declared: ResultDeclarations;

  constructor(declared: Readonly<Record<string, AccumulatorDeclaration>>) {
    this.declared = new ResultDeclarations(declared);
  }

  /** @param leaves the values of the answer with their labels */
  count(tool: ToolDescription, call: AnsweredCall, value: unknown, leaves: readonly Leaf[]): CountedAnswer[] {
    const event = eventOf(tool, call);
    return Object.entries(this.declared.of(call.action)).flatMap(([name, declared]) => {
      const accumulator = compileAccumulator(name, declared);
      if (accumulator.resultIntegrity === undefined) return [];
      const seen = seenPart(accumulator, value, leaves, { echoes: call.echoes, input: call.input });
      return [{ accumulator: name, ...counted(accumulator, event, seen) }];
    });
  }
}

function counted(accumulator: Accumulator, event: LedgerEvent, seen: unknown): Omit<CountedAnswer, 'accumulator'> {
  try {
    const amount = accumulator.answered(event, seen);
    return amount === undefined ? {} : { amount: plainAmount(amount) };
  } catch (error) {
    if (error instanceof LedgerError) return { why: error.message.replace(`accumulator ${accumulator.name}: `, '') };
    throw error;
  }
}

/** An answer that stands alone is of nobody's task. */
function eventOf({ effects }: ToolDescription, { action, input }: AnsweredCall): LedgerEvent {
  return {
    ...{ action, input, effects, isOwn: false, labels: [], lineage: '', call: undefined, data: undefined },
    resource: { type: '', id: '' },
    keys: { task: '' as TaskKey, actor: '', originator: '', resource: '', session: '' },
  };
}
