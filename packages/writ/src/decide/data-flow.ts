import { type ActionDeclaration, uidText } from '@writ/cedar';
import type { EventData } from '../ledger/event.js';
import { type CallOrigins, type Origin, originsOf } from '../ledger/flow/origins.js';
import type { ToolDescription } from '../ledger/flow/tool-description.js';
import type { Ledger } from '../ledger/ledger.js';
import type { TaskKey } from '../lib/ids.js';
import type { Coverage } from './mandates.js';
import type { AccessRequest } from './request.js';

/** What data a call would move: where its arguments came from, what its result would bring, where it would leave data. */
export interface DataFlow {
  readonly tool: ToolDescription;
  /** Where the values of its arguments came from; undefined when nobody traces them. */
  readonly call: CallOrigins | undefined;
  /** The labels that its result brings at most, as far as they can be told now. */
  readonly addedLabels: readonly string[];
  /** What it reads and writes in stores; undefined when that is not kept track of. */
  readonly data: EventData | undefined;
}

/** What is traced of a call. */
interface FlowParts {
  readonly ledger: Ledger;
  readonly task: TaskKey;
  readonly coverage: Coverage | undefined;
  readonly now: Date;
}

const NO_LABELS: readonly string[] = [];

/** Of a call whose arguments nobody traces: nothing in the bundle describes any tool. */
export function untraced(tool: ToolDescription): DataFlow {
  return {
    tool,
    call: undefined,
    addedLabels: tool.addedLabels,
    data: undefined,
  };
}

/** Whether the policies on an action see more of its tool than its effects. */
export function readsArguments({ context }: ActionDeclaration): boolean {
  const tool = context.attributes.get('tool')?.type;
  return (
    context.attributes.has('origins') ||
    (tool?.kind === 'record' && [...tool.attributes.keys()].some((name) => name !== 'effects'))
  );
}

/** Reads the labels of the task and of the stores; in the same turn of the event loop as the call is entered. */
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

/** What a call reads or writes in its store: its targets, and the resource that it was mapped to. */
function itemsOf(tool: ToolDescription, call: CallOrigins, { resource }: AccessRequest): string[] {
  const targets = call.valuesOf('target').map(String);
  return resource.type === 'Tool' || resource.id === tool.name ? [...targets] : [...targets, uidText(resource)];
}

function storedLabels(store: string, items: readonly string[], ledger: Ledger, now: Date): readonly string[] {
  const places = items.length === 0 ? [{ store }] : items.map((item) => ({ store, item }));
  return together(...places.map((place) => ledger.labels.ofStore(place, now)));
}

/** The names under which what was written can be asked for later, by what the tool answered: its id, its path. */
export function namesIn(values: readonly { readonly value: string | number }[]): string[] {
  const names = values.filter(
    ({ value }) => typeof value === 'number' || (value.length <= 128 && !value.includes('\n')),
  );
  return names.slice(0, MAX_NAMES).map(({ value }) => String(value));
}

/** So many short values of an answer are taken for names of what was written. */
const MAX_NAMES = 32;

function together(...lists: readonly (readonly string[])[]): readonly string[] {
  const all = lists.filter((list) => list.length > 0);
  if (all.length <= 1) return all[0] ?? NO_LABELS;
  return [...new Set(all.flat())].sort();
}

/** The origins as they go on the record: no values. */
export function recordedOrigins(origins: readonly Origin[]): readonly Origin[] {
  return origins.slice(0, MAX_RECORDED);
}

const MAX_RECORDED = 50;
