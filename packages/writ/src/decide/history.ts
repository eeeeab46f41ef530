import type { ActionDeclaration, Entity } from '@writ/cedar';
import type { AccessRequest, Verdict } from '@writ/sdk/authzen';
import type { LedgerEvent } from '../ledger/event.js';
import type { Ledger } from '../ledger/ledger.js';
import type { DecisionId, TaskKey } from '../lib/ids.js';
import type { Provenance } from '../provenance/path.js';
import type { Caller } from './caller.js';
import { type DataFlow, dataFlowOf, recordedOrigins, untraced } from './data-flow.js';
import type { TaskMemory } from './delegation/task-memory.js';
import { eventWithMore } from './event-more.js';
import { eventOf, lineageOf, plainNameOf, taskKeyOf } from './gather.js';
import { type Coverage, coverageOf, mandateFor } from './mandates.js';
import { MAX_LIFE_MS } from './plain-tasks.js';
import type { PolicyPlane } from './plane.js';
import { plainCoverage, type RecordDraft } from './record-draft.js';

/** The history of a task, as far as anything depends on it. */
export interface History {
  readonly coverage: Coverage | undefined;
  readonly flow: DataFlow;
  /** The action as the ledger sees it; undefined if the bundle remembers nothing. */
  readonly event: LedgerEvent | undefined;
  /** The action with more of it; undefined if no expression names that. */
  readonly whole: LedgerEvent | undefined;
  /** Returns the key of the task. Computed on demand, as the lineage. */
  readonly task: () => TaskKey;
  readonly lineage: () => string;
}

/** The parts that a history is read from. */
interface HistoryParts {
  readonly ledger: Ledger;
  readonly memory: Pick<TaskMemory, 'keepTaskPrompt' | 'keepRequestPrompt'>;
  readonly plane: PolicyPlane;
}

/** The request. */
interface Asking {
  /** The decision that a permit reserves for; undefined to reserve nothing. */
  readonly id: DecisionId | undefined;
  readonly request: AccessRequest;
  readonly caller: Caller;
  readonly now: Date;
}

/** Its identities, its action and its prompt, as they were admitted. */
interface Admitted {
  readonly provenance: Provenance;
  readonly declared: ActionDeclaration | Verdict;
  readonly prompt: string | undefined;
}

/** Reads the history of a task, and whether its mandate covers an action. It notes both in the draft. */
export function historyOf(
  { ledger, memory, plane }: HistoryParts,
  { id, request, caller, now }: Asking,
  { provenance, declared, prompt }: Admitted,
  draft: RecordDraft,
  entities: readonly Entity[],
): History {
  const { name } = request.action;
  const tool = caller.isWrit === true ? plane.tools.own(name) : plane.tools.ofCall(name, request.context?.input);
  let ofOwner: string | undefined;
  const lineage = (): string => (ofOwner ??= lineageOf(plane.registry, provenance));
  // A mandate is for what a task does, and not for what people decide about it.
  const mandate = caller.isWrit === true ? undefined : mandateFor(provenance.mandate, plane.usualMandate, name);
  const input = request.context?.input;
  const coverage =
    mandate &&
    coverageOf(
      mandate,
      {
        name,
        effects: tool.isDescribed && !tool.isOwn ? tool.effects : undefined,
        resource: request.resource,
        input,
        now,
      },
      ledger.caps,
      provenance.isPlain === true ? MAX_LIFE_MS : undefined,
    );
  if (coverage !== undefined) draft.mandate = plainCoverage(coverage);
  // hot: where nothing is remembered, nothing needs the key.
  let known: TaskKey | undefined;
  const task = (): TaskKey => (known ??= taskKeyOf(request, provenance));
  if (id !== undefined && !plane.tools.isEmpty) {
    if (provenance.isPlain === true) memory.keepTaskPrompt(task(), prompt);
    else memory.keepRequestPrompt(task(), request, provenance, caller);
  }
  const isKept = !ledger.isEmpty || !plane.tools.isEmpty;
  const taskName = isKept ? plainNameOf(request, provenance) : undefined;
  const flow = plane.tools.isEmpty
    ? untraced(tool)
    : dataFlowOf(tool, request, {
        ledger,
        task: task(),
        taskName,
        lineage: lineage(),
        coverage,
        now,
        declared: plane.actions.get(name),
      });
  if (flow.call !== undefined) draft.origins = recordedOrigins(flow.call.origins);
  const { registry, derived } = plane;
  const isDerived = !derived.isEmpty && !('result' in declared) && declared.context.attributes.has('derived');
  const whole =
    isDerived || ledger.asksMore
      ? eventWithMore(
          { request, provenance, kind: coverage?.kind, entities, registry, derived },
          { task: task(), taskName, lineage: lineage(), flow },
        )
      : undefined;
  const event = isKept
    ? (whole ?? eventOf(request, provenance, { task: task(), taskName, lineage: lineage(), flow }))
    : undefined;
  return { coverage, flow, event, whole, task, lineage };
}
