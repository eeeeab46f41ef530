import { type EntityUid, uidText } from '@writ/cedar';
import type { AccessRequest } from '@writ/sdk/authzen';
import { isObject } from '@writ/sdk/lib/is-object';
import type { EventData, WrittenThings } from '../ledger/event.js';
import { UNSEEN } from '../ledger/flow/call-values.js';
import type { NamesInAnswer } from '../ledger/flow/names-in.js';
import type { CallOrigins, Origin } from '../ledger/flow/origins.js';
import { isReaderLabel } from '../ledger/flow/readers.js';
import { lastMember, memberForm } from '../ledger/flow/store-members.js';
import { partsOf } from '../ledger/flow/store-names.js';
import { everyLabel, NOTHING_STORED, type StoredLabels } from '../ledger/flow/stored-labels.js';
import type { NamedItem } from '../ledger/flow/stores.js';
import type { ToolDescription } from '../ledger/flow/tool-description.js';
import type { Ledger } from '../ledger/ledger.js';

/** The parts that a call of a tool with stores is traced with. */
interface StoreFlowParts {
  readonly ledger: Ledger;
  readonly call: CallOrigins;
  /** The labels of everything that a value from nowhere can be made of. */
  readonly taskLabels: readonly string[];
  /** The labels of what the task itself has read. A call without content can move that, and a name is chosen by it. */
  readonly ownLabels: readonly string[];
  readonly now: Date;
}

const NO_LABELS: readonly string[] = [];
/** An answer with more ids does not say which of them is new. */
const MAX_IDS = 99;

/** Returns what a call reads and writes in stores. */
export function storeFlowOf(tool: ToolDescription, request: AccessRequest, parts: StoreFlowParts): EventData {
  const { ledger, taskLabels, now } = parts;
  if (tool.reads === undefined && tool.writes === undefined)
    return { taskLabels, stored: NO_LABELS, writes: NO_LABELS, labels: NO_LABELS };
  const named = namedIn(tool, request, parts);
  const reads =
    tool.reads === undefined
      ? undefined
      : { store: tool.reads, items: itemsRead(named), members: tool.readStore.members };
  const stored = reads === undefined ? NO_LABELS : everyLabel(ledger.labels.storedIn(reads, now));
  if (tool.writes === undefined) return { taskLabels, stored, reads, writes: NO_LABELS, labels: NO_LABELS };
  const written = writtenBy(tool, tool.writes, named);
  const { store, items, answer } = written;
  // Until the answer has its name, a new thing can be anything in the store.
  const places = answer === 'new' || items.length === 0 ? [[], items] : [items];
  const keys = places.flatMap((some) => ledger.labels.keysToWrite(store, some, now));
  return {
    taskLabels,
    stored,
    reads,
    writes: [...new Set(keys)],
    labels: writtenLabels(tool, request, named, stored, parts),
    names: namesChosen(written, named, parts),
    keepMs: tool.writtenStore.keepMs,
    written,
  };
}

/**
 * Returns the labels of what a call read, once its answer is known: also those that were added meanwhile. Labels that were there at
 * the decision, and are not any more, are on all of the answer.
 */
export function storedFor({ reads, stored }: EventData, ledger: Ledger, now: Date): StoredLabels {
  if (reads === undefined) return { ...NOTHING_STORED, all: stored };
  const found = ledger.labels.storedIn(reads, now);
  const known = new Set(everyLabel(found));
  const gone = stored.filter((label) => !known.has(label));
  return gone.length === 0 ? found : { ...found, all: [...found.all, ...gone] };
}

/** Returns the keys of what a call wrote, once its answer is known: by that, a new thing has its name. */
export function writtenAfter(
  { writes, written, reads }: EventData,
  names: NamesInAnswer | undefined,
  ledger: Ledger,
  now: Date,
): readonly string[] {
  if (written === undefined || names === undefined || written.answer === 'nothing') return writes;
  const { store, items, answer } = written;
  const ids = names.ids.slice(0, MAX_IDS);
  const others = [...ids.map(({ item }) => item), ...names.others].map((item) => ({ item, isAlias: true }));
  const keysOf = (some: readonly NamedItem[]) => (some.length === 0 ? [] : ledger.labels.keysToWrite(store, some, now));
  if (answer === 'alias') return [...new Set([...writes, ...keysOf(others)])];
  // The id of what was read is not the id of what was made of it.
  const given = new Set(
    [...items.map(({ item }) => item), ...(reads?.items ?? [])].map((item) => partsOf(item).join('/')),
  );
  const made = ids.filter(({ item }) => !given.has(partsOf(item).join('/')));
  if (made.length === 0 || names.ids.length > MAX_IDS) return writes;
  return [...new Set([...keysOf(items), ...keysOf(made), ...keysOf(others)])];
}

/** The values of a call that name things. */
interface Named {
  readonly things: readonly NamedThing[];
  /** The resource that the call was mapped to. */
  readonly resource: NamedThing | undefined;
  /** Whether there are more names than were looked at. */
  readonly isMore: boolean;
}

interface NamedThing {
  readonly text: string;
  readonly argument: string;
  readonly role: 'target' | 'destination';
  /** The member that it is named by, before the store is known. */
  readonly name: string | undefined;
  readonly origin: Origin | undefined;
}

function namedIn(tool: ToolDescription, { context, resource }: AccessRequest, { call }: StoreFlowParts): Named {
  const input = context?.input;
  const things = call.names.map(({ argument, role, value, origin }): NamedThing => {
    const name = lastMember(origin.argument);
    return { text: String(value), argument, role: role as NamedThing['role'], name, origin };
  });
  const isMapped = resource.type !== 'Tool' && resource.id !== tool.name;
  return {
    things: things.filter(({ text }) => text !== UNSEEN),
    resource: isMapped ? namedResource(resource, input) : undefined,
    isMore: things.some(({ text }) => text === UNSEEN),
  };
}

/** Returns a resource as a thing; the argument that has its id says by what it is named. */
function namedResource(resource: EntityUid, input: unknown): NamedThing {
  const name = Object.entries(isObject(input) ? input : {}).find(([, value]) => String(value) === resource.id)?.[0];
  return { text: uidText(resource), argument: name ?? '', role: 'target', name, origin: undefined };
}

function itemsRead({ things, resource, isMore }: Named): readonly string[] {
  if (isMore) return NO_LABELS;
  const targets = things.filter(({ role }) => role === 'target').map(({ text }) => text);
  return resource === undefined ? targets : [...targets, resource.text];
}

/** Returns the things that a call writes, as far as its arguments name them. */
function writtenBy(tool: ToolDescription, store: string, { things, resource, isMore }: Named): WrittenThings {
  const isCopy = tool.reads !== undefined;
  // The destination of a copy is a thing in the store; that of something sent is not.
  const written = things.filter(({ role }) => role === 'target' || (isCopy && !tool.effects.includes('egress')));
  const { members } = tool.writtenStore;
  const nameOf = (one: NamedThing): NamedItem => ({ item: one.text, member: memberOf(one, store, members) });
  const names = written.map(nameOf);
  const items =
    resource === undefined
      ? names
      : [...names, names.length === 0 ? nameOf(resource) : { item: resource.text, isAlias: true }];
  if (isMore || (items.length === 0 && !tool.creates)) return { store, items: [], answer: 'nothing', members };
  const isNew = tool.creates || (isCopy && !namesCopy(tool, written));
  return { store, items, answer: isNew ? 'new' : 'alias', members };
}

/** Returns whether the names of a call that reads and writes are those of what it writes, and not only of what it reads. */
function namesCopy(tool: ToolDescription, written: readonly NamedThing[]): boolean {
  if (written.some(({ role }) => role === 'destination')) return true;
  const places = new Set(written.map(({ argument }) => argument)).size;
  if (places > 1) return true;
  const hasContent = tool.arguments.some(({ role }) => role === 'content');
  return places === 1 && tool.reads === tool.writes && hasContent;
}

function memberOf({ name }: NamedThing, store: string, members: readonly string[]): string | undefined {
  const form = name === undefined ? undefined : memberForm(name, store);
  if (form !== '') return form;
  return members.length === 1 ? members[0] : undefined;
}

/** Returns the labels of what a call writes: those of its content, and of what it reads in the same call, as a copy does. */
function writtenLabels(
  tool: ToolDescription,
  { context }: AccessRequest,
  { things }: Named,
  stored: readonly string[],
  { call, taskLabels, ownLabels }: StoreFlowParts,
): readonly string[] {
  const isCopy = tool.reads !== undefined && tool.writes !== undefined;
  if (isCopy && isNamesAlone(context?.input, things)) return stored;
  return together(call.propagatedLabels('content', taskLabels) ?? ownLabels, stored);
}

/** Returns whether a call says only what is copied, and to where. */
function isNamesAlone(input: unknown, things: readonly NamedThing[]): boolean {
  if (things.length === 0) return false;
  const named = new Set(things.map(({ argument }) => argument));
  return Object.entries(isObject(input) ? input : {}).every(
    ([argument, value]) => typeof value === 'boolean' || (named.has(argument) && isTexts(value)),
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isTexts) : typeof value === 'string' || typeof value === 'number';
}

/** Returns the labels of the names that a call gives: somebody chose them, unless they came from where names are given out. */
function namesChosen(
  { store, items }: WrittenThings,
  { things }: Named,
  { ledger, taskLabels, ownLabels }: StoreFlowParts,
): NonNullable<EventData['names']> {
  return items.flatMap((item) => {
    const origins = things.flatMap(({ text, origin }) => (text === item.item ? (origin ?? []) : []));
    const labels = together(...origins.map((origin) => labelsOfName(origin, taskLabels, ownLabels)));
    return labels.length === 0 ? [] : ledger.labels.keysToName(store, [item]).map((key) => ({ key, labels }));
  });
}

/** A name that was in some text counts as external, also if nothing that the task has read is. */
function labelsOfName(
  { from, labels }: Origin,
  taskLabels: readonly string[],
  ownLabels: readonly string[],
): readonly string[] {
  return from === 'nowhere' ? ownLabels : labels.filter((label) => taskLabels.includes(label) || isReaderLabel(label));
}

function together(...lists: readonly (readonly string[])[]): readonly string[] {
  const all = lists.filter((list) => list.length > 0);
  if (all.length <= 1) return all[0] ?? NO_LABELS;
  return [...new Set(all.flat())].sort();
}
