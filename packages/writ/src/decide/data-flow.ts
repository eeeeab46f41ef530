import type { ActionDeclaration, CedarType } from '@writ/cedar';
import type { AccessRequest } from '@writ/sdk/authzen';
import type { EventData } from '../ledger/event.js';
import { type CallOrigins, type Origin, originsOf } from '../ledger/flow/origins.js';
import { plainLabels } from '../ledger/flow/readers.js';
import type { ToolDescription } from '../ledger/flow/tool-description.js';
import type { Ledger } from '../ledger/ledger.js';
import type { TaskKey } from '../lib/ids.js';
import { memo } from '../lib/memo.js';
import type { Coverage } from './mandates.js';
import { storeFlowOf } from './store-flow.js';

/** The data that a call would move: origins of its arguments, labels of its result, stores that it writes. */
export interface DataFlow {
  readonly tool: ToolDescription;
  /** The origins of its arguments; undefined if they are not traced. */
  readonly call: CallOrigins | undefined;
  /** The labels that its result adds at most, as far as they are known before the call. */
  readonly addedLabels: readonly string[];
  /** Reads and writes in stores; undefined if they are not traced. */
  readonly data: EventData | undefined;
}

/** The parts that a call is traced with. */
interface FlowParts {
  readonly ledger: Ledger;
  readonly task: TaskKey;
  /** As {@link LedgerEvent.taskName}. */
  readonly taskName?: string | undefined;
  readonly lineage: string;
  readonly coverage: Coverage | undefined;
  readonly now: Date;
  /** The action of the schema. */
  readonly declared?: ActionDeclaration | undefined;
}

/** Returns the data flow of a call that is not traced, where the bundle describes no tool. */
export function untraced(tool: ToolDescription): DataFlow {
  return {
    tool,
    call: undefined,
    addedLabels: tool.addedLabels,
    data: undefined,
  };
}

/** Returns whether the policies on an action see more of its tool than its effects. */
export function readsArguments({ context }: ActionDeclaration): boolean {
  const tool = context.attributes.get('tool')?.type;
  return (
    context.attributes.has('origins') ||
    (tool?.kind === 'record' && [...tool.attributes.keys()].some((name) => name !== 'effects'))
  );
}

/** Traces a call. Reads the labels of the task and of the stores, so it runs in the same turn of the event loop as the reservation. */
export function dataFlowOf(
  tool: ToolDescription,
  request: AccessRequest,
  { ledger, task, taskName, lineage, coverage, now, declared }: FlowParts,
): DataFlow {
  const input = request.context?.input;
  const taskLabels = ledger.labels.within(task, lineage, now);
  const names = declared && namesOf(declared);
  const call = originsOf(tool, input, {
    values: ledger.values.known(task, lineage, now),
    taskLabels,
    declared: names,
    named: coverage?.covers === true ? coverage.namedInput : [],
    isMandated: coverage?.covers === true && coverage.grant !== undefined,
  });
  const ownLabels = ledger.labels.ofWork(task, lineage, taskName, now);
  const data = storeFlowOf(tool, request, { ledger, call, taskLabels, ownLabels, now });
  const { stored } = data;
  const addedLabels = stored.length === 0 ? tool.addedLabels : [...new Set([...tool.addedLabels, ...stored])].sort();
  return { tool, call, addedLabels, data };
}

/** Returns the names of arguments, and of their members at whatever depth, that the schema has for an action. */
const namesOf = memo(({ context }: ActionDeclaration): ReadonlySet<string> => {
  const names = new Set<string>();
  const add = (type: CedarType | undefined): void => {
    if (type?.kind === 'set') add(type.element);
    if (type?.kind !== 'record') return;
    for (const [name, { type: inner }] of type.attributes) {
      names.add(name);
      add(inner);
    }
  };
  add(context.attributes.get('input')?.type);
  return names;
});

/** Returns the origins as they are recorded: without values. */
export function recordedOrigins(origins: readonly Origin[]): readonly Origin[] {
  return origins.slice(0, MAX_RECORDED).map((one) => {
    const labels = plainLabels(one.labels);
    return labels === one.labels ? one : { ...one, labels };
  });
}

const MAX_RECORDED = 50;
