import { type ActionDeclaration, uidText } from '@writ/cedar';
import type { EventData } from '../ledger/event.js';
import { type CallOrigins, type Origin, originsOf } from '../ledger/flow/origins.js';
import type { ToolDescription } from '../ledger/flow/tool-description.js';
import type { Ledger } from '../ledger/ledger.js';
import type { TaskKey } from '../lib/ids.js';
import type { Coverage } from './mandates.js';
import type { AccessRequest } from './request.js';

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
  readonly coverage: Coverage | undefined;
  readonly now: Date;
}

const NO_LABELS: readonly string[] = [];

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
  { ledger, task, coverage, now }: FlowParts,
): DataFlow {
  const input = request.context?.input;
  const taskLabels = ledger.labels.ofTask(task, now);
  const call = originsOf(tool, input, {
    values: ledger.values.of(task),
    taskLabels,
    named: coverage?.covers === true ? coverage.namedInput : [],
    isMandated: coverage?.covers === true && coverage.grant !== undefined,
  });
  const items = tool.reads === undefined && tool.writes === undefined ? NO_LABELS : itemsOf(tool, call, request);
  const stored = tool.reads === undefined ? NO_LABELS : storedLabels(tool.reads, items, ledger, now);
  return {
    tool,
    call,
    addedLabels: together(tool.addedLabels, stored),
    data: {
      stored,
      writes: tool.writes === undefined ? NO_LABELS : ledger.labels.keysToWrite(tool.writes, items),
      labels: tool.writes === undefined ? NO_LABELS : (call.propagatedLabels('content', taskLabels) ?? taskLabels),
    },
  };
}

/** Returns the items of its store that a call reads or writes: its targets, and the resource that it was mapped to. */
function itemsOf(tool: ToolDescription, call: CallOrigins, { resource }: AccessRequest): string[] {
  const targets = call.valuesOf('target').map(String);
  return resource.type === 'Tool' || resource.id === tool.name ? [...targets] : [...targets, uidText(resource)];
}

function storedLabels(store: string, items: readonly string[], ledger: Ledger, now: Date): readonly string[] {
  const places = items.length === 0 ? [{ store }] : items.map((item) => ({ store, item }));
  return together(...places.map((place) => ledger.labels.ofStore(place, now)));
}

/** Returns the names in an answer that later calls can use for a written item: its id, its path. */
export function namesIn(values: readonly { readonly value: string | number }[]): string[] {
  const names = values.filter(
    ({ value }) => typeof value === 'number' || (value.length <= 128 && !value.includes('\n')),
  );
  return names.slice(0, MAX_NAMES).map(({ value }) => String(value));
}

/** The most values of an answer that count as names. */
const MAX_NAMES = 32;

function together(...lists: readonly (readonly string[])[]): readonly string[] {
  const all = lists.filter((list) => list.length > 0);
  if (all.length <= 1) return all[0] ?? NO_LABELS;
  return [...new Set(all.flat())].sort();
}

/** Returns the origins as they are recorded: without values. */
export function recordedOrigins(origins: readonly Origin[]): readonly Origin[] {
  return origins.slice(0, MAX_RECORDED);
}

const MAX_RECORDED = 50;
