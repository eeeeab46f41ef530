import { z } from 'zod';
import type { LogReader } from '../../audit/log/log-reader.js';
import type { DecisionSearch } from '../../audit/search/decision-search.js';
import type { Decider } from '../../decide/decide.js';
import { keyOfTask } from '../../decide/gather.js';
import type { DecisionRecord, Holding } from '../../decide/record.js';
import type { KeptLabel } from '../../ledger/flow/kept-labels.js';
import { plainLabels, shownLabel } from '../../ledger/flow/readers.js';
import { placeOf } from '../../ledger/flow/stores.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Txn } from '../../lib/ids.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

interface KeptLabelParts {
  readonly decider: () => Decider;
  readonly ledger: Ledger;
  readonly reader: LogReader;
  readonly search: DecisionSearch;
  readonly clock: () => Date;
}

const MAX_LABELS = 1_000;
const name = z.string().min(1).max(1_024).optional();
const querySchema = z.object({
  /** A task, by its `txn`. */
  task: name,
  /** A store, and a thing in it. */
  store: name,
  item: name,
  /** The most decisions. */
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** The `next` of the page before. */
  before: z.string().max(64).optional(),
});
type Query = z.infer<typeof querySchema>;

const of = z.union([z.object({ task: z.string() }), z.object({ store: z.string(), item: z.string().optional() })]);
const answerSchema = z.object({
  of: z.string(),
  labels: z.array(
    z.object({
      label: z.string(),
      /** The thing in the store that has it; absent of a task. */
      on: z.string().optional(),
      how: z.enum(['itself', 'name', 'folder', 'inside']),
      /** When it ends; absent if it is kept for ever. */
      until: z.string().optional(),
    }),
  ),
  /** There are more labels than these. */
  isMore: z.boolean(),
  /** The decisions that brought them. */
  decisions: z.array(
    z.object({
      id: z.string(),
      time: z.string(),
      action: z.string(),
      brought: z.array(z.object({ label: z.string(), on: z.string().optional() })),
    }),
  ),
  next: z.string().optional(),
  /** The body of `POST /v1/declassifications` that takes them off, without the subject and the reason. */
  declassify: z.object({ of, labels: z.array(z.string()) }).optional(),
});

/** `/v1/labels`: the labels of a task, or of a thing in a store, with the decisions that brought them. */
export function keptLabelsRoute(parts: KeptLabelParts): Route {
  const { decider, ledger, clock } = parts;
  return route({
    method: 'GET',
    url: '/v1/labels',
    operationId: 'listLabels',
    tag: 'Administration',
    summary: 'List the labels of a task, a store or a thing in it, with the decisions that brought them',
    access: { kind: 'area', area: 'decisions', how: 'read' },
    query: querySchema,
    answers: { 200: { description: 'The labels that are kept', shape: answerSchema } },
    async handle({ query }) {
      const subject = subjectOf(query);
      const now = clock();
      const kept =
        'task' in subject
          ? ledger.labels.listTask(keyOfTask(subject.task as Txn), now)
          : ledger.labels.listStore(subject, now);
      const labels = [...kept].sort((a, b) => compare(a.on ?? '', b.on ?? '') || compare(a.label, b.label));
      const { decisions, next } = kept.length === 0 ? NOTHING : await broughtBy(parts, query, kept);
      const ofItself = kept.filter(({ how }) => how !== 'folder').map(({ label }) => label);
      // A label is taken off with all its readers.
      const own = [...new Set(ofItself.map((label) => plainLabels([label])[0] ?? label))].sort();
      return {
        of: 'task' in subject ? `task ${subject.task}` : placeOf(subject),
        labels: labels.slice(0, MAX_LABELS).map(({ label, on, how, until }) => ({
          ...(on === undefined ? { label: shownLabel(label) } : { label: shownLabel(label), on }),
          ...(until === undefined ? { how } : { how, until: until.toISOString() }),
        })),
        isMore: labels.length > MAX_LABELS,
        decisions,
        ...(next === undefined ? {} : { next }),
        ...(own.length === 0 ? {} : { declassify: { of: subject, labels: own } }),
      };
    },
  });

  /** Finds the decisions that brought labels: those of the task, or of each tool that writes the store. */
  async function broughtBy({ search, reader }: KeptLabelParts, query: Query, kept: readonly KeptLabel[]) {
    const found: (typeof answerSchema)['_output']['decisions'] = [];
    const queries =
      query.task === undefined
        ? decider()
            .plane.tools.writing(query.store ?? '')
            .map((action) => ({ action }))
        : [{ task: query.task }];
    const byKey = keyed(kept);
    const [from = 0, place] = cursorIn(query.before);
    let before = place;
    for (let i = from; i < queries.length; i += 1, before = undefined) {
      const page = await search.find(queries[i] ?? {}, query.limit - found.length, before, holdsSomething);
      for (const decision of page.decisions) {
        const { outcome } = (await reader.find(decision.id)) ?? {};
        const brought = broughtIn([...(decision.reserved ?? []), ...(outcome?.held ?? [])], byKey);
        const { id, time, request } = decision;
        if (brought.length > 0) found.push({ id, time, action: request.action.name, brought });
      }
      if (page.next !== undefined) return { decisions: found, next: `${i}.${page.next}` };
      if (found.length >= query.limit && i + 1 < queries.length) return { decisions: found, next: `${i + 1}.` };
    }
    return { decisions: found, next: undefined };
  }
}

const NOTHING = { decisions: [], next: undefined };

function subjectOf({ task, store, item }: Query): { task: string } | { store: string; item?: string } {
  if ((task === undefined) === (store === undefined)) throw new Problem(400, 'name a task, or a store');
  if (task !== undefined && item !== undefined) throw new Problem(400, 'an item is in a store');
  if (task !== undefined) return { task };
  return item === undefined ? { store: store as string } : { store: store as string, item };
}

/** Returns the query to continue with, and the place before which. */
function cursorIn(before: string | undefined): readonly [number, string | undefined] {
  if (before === undefined) return [0, undefined];
  const [, index, place] = /^([0-9]{1,6})\.([0-9A-Za-z]{0,32})$/.exec(before) ?? [];
  if (index === undefined) throw new Problem(400, `${before} is not the next of a page`);
  return [Number(index), place || undefined];
}

function holdsSomething({ reserved }: DecisionRecord): boolean {
  return reserved !== undefined;
}

function keyed(kept: readonly KeptLabel[]): ReadonlyMap<string, readonly KeptLabel[]> {
  const byKey = new Map<string, KeptLabel[]>();
  for (const one of kept) {
    const id = JSON.stringify([one.accumulator, one.key]);
    const there = byKey.get(id);
    if (there === undefined) byKey.set(id, [one]);
    else there.push(one);
  }
  return byKey;
}

/** Returns the labels of holdings that are still kept. */
function broughtIn(
  holdings: readonly Holding[],
  byKey: ReadonlyMap<string, readonly KeptLabel[]>,
): { label: string; on?: string }[] {
  const found = new Map<string, { label: string; on?: string }>();
  for (const { accumulator, key, amount } of holdings)
    for (const { label, on } of byKey.get(JSON.stringify([accumulator, key])) ?? [])
      if (Array.isArray(amount) && amount.includes(label))
        found.set(JSON.stringify([label, on]), { label: shownLabel(label), ...(on === undefined ? {} : { on }) });
  return [...found.values()];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
