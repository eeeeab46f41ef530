import type { AccessRequest } from '@writ/sdk/authzen';
import type { LedgerEvent } from '../../ledger/event.js';
import { callValues } from '../../ledger/flow/call-values.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { TaskKey, Txn } from '../../lib/ids.js';
import type { Provenance } from '../../provenance/path.js';
import type { Caller } from '../caller.js';
import { dataFlowOf } from '../data-flow.js';
import { eventWithMore } from '../event-more.js';
import { eventOf, keyOfTask, lineageOf, plainNameOf, taskKeyOf } from '../gather.js';
import type { PolicyPlane } from '../plane.js';
import type { DecisionRecord } from '../record.js';

interface TaskMemoryParts {
  readonly plane: () => PolicyPlane;
  readonly ledger: Ledger;
  readonly clock: () => Date;
  /** Returns the keyed hash of a prompt, as tokens have it; undefined if no prompt can match one. */
  readonly hashPrompt: (prompt: string) => string | undefined;
}

/** The prompts and the approved values of tasks. Later calls are traced to them, as to results. */
export class TaskMemory {
  constructor(private readonly parts: TaskMemoryParts) {}

  /** Adds the prompt that a transaction started with. It is kept in memory only. */
  addPrompt(txn: Txn, prompt: string): void {
    const { plane, ledger } = this.parts;
    if (!plane().tools.isEmpty) ledger.values.update(keyOfTask(txn), (values) => values.addPrompt(prompt));
  }

  /** Keeps the prompt of a task without a token. */
  keepTaskPrompt(task: TaskKey, prompt: string | undefined): void {
    if (prompt !== undefined) this.parts.ledger.values.update(task, (values) => values.setPrompt(prompt));
  }

  /**
   * Keeps the prompt of a request, instead of an earlier one: if it is the one that the token has the hash of or, without a hash, if the
   * caller may assert it. A call that waited does not bring an earlier prompt back.
   */
  keepRequestPrompt(task: TaskKey, { context }: AccessRequest, { promptHash }: Provenance, caller: Caller): void {
    const prompt = context?.prompt;
    if (typeof prompt !== 'string') return;
    const { ledger, hashPrompt } = this.parts;
    const isTheOne = promptHash === undefined ? caller.rights.prompt() : hashPrompt(prompt) === promptHash;
    if (isTheOne && context?.again === undefined) ledger.values.update(task, (values) => values.setPrompt(prompt));
  }

  /**
   * Endorses the values of a call that was stopped: for the rest of the task they count as the user's own, and calls of that tool as
   * asked for. Nothing else that stopped it is lifted.
   *
   * @returns false if there is nothing to endorse
   */
  endorse({ request, provenance }: DecisionRecord): boolean {
    const { plane, ledger } = this.parts;
    const { tools } = plane();
    if (provenance === undefined || tools.isEmpty) return false;
    const tool = tools.ofCall(request.action.name, request.context?.input);
    const given = callValues(tool, request.context?.input).map(({ value }) => value);
    ledger.values.update(taskKeyOf(request, provenance as Provenance), (values) => {
      for (const value of given) values.approve(value);
      values.approveTool(tool.name);
    });
    return true;
  }

  /** Returns the action of a recorded decision, from before a restart, as the ledger sees it. */
  eventOf({ request, provenance, mandate }: DecisionRecord): LedgerEvent | undefined {
    const { plane, ledger, clock } = this.parts;
    const { tools, registry, actions, derived } = plane();
    if (provenance === undefined || tools.isEmpty) return undefined;
    const again = provenance as Provenance;
    const task = taskKeyOf(request, again);
    const tool = tools.ofCall(request.action.name, request.context?.input);
    const lineage = lineageOf(registry, again);
    const taskName = plainNameOf(request, again);
    const flow = dataFlowOf(tool, request, {
      ...{ ledger, task, taskName, lineage, coverage: undefined, now: clock() },
      declared: actions.get(request.action.name),
    });
    const traced = { task, taskName, lineage, flow };
    if (!ledger.asksMore) return eventOf(request, again, traced);
    return eventWithMore({ request, provenance: again, kind: mandate?.kind, entities: [], registry, derived }, traced);
  }
}
