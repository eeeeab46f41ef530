/** Compares what was acknowledged with the record. */

import type { Book, Status } from './book.js';
import { type Durability, LIMITS } from './bundle.js';

/** The part of an entry of `GET /v1/log` that is compared. */
export interface Entry {
  readonly kind: string;
  readonly id: string;
  readonly result?: string;
  readonly decisionId?: string;
  readonly status?: Status;
  readonly what?: string;
  readonly detail?: { readonly after?: string; readonly atMost?: number };
  readonly request?: {
    readonly subject?: { readonly id?: string };
    readonly action?: { readonly name?: string };
    readonly context?: { readonly input?: { readonly amount?: number } };
  };
}

export interface Budget {
  readonly refunded: number;
  readonly refunds: number;
}

const GIVES_BACK: readonly unknown[] = ['failed', 'not-executed'];

/** Returns what is wrong with a record, in the order of the log: losses, doubles, other answers, budgets that were overrun. */
export function problemsOf(book: Book, entries: readonly Entry[], durability: Durability): string[] {
  const decisions = byId(entries, 'decision');
  const outcomes = byId(entries, 'outcome');
  return [
    ...book.wrong,
    ...[...decisions.values(), ...outcomes.values()].flatMap((same) =>
      same.length === 1 ? [] : [`${idOf(same[0] as Entry)} is ${same.length} times on the record (${same[0]?.kind})`],
    ),
    ...[...book.decisions].flatMap(([id, asked]) => {
      const [found] = decisions.get(id) ?? [];
      if (found === undefined)
        return mayBeMissing(entries, durability, { id, isHeld: asked.action === 'refund' && asked.isPermitted })
          ? []
          : [`${id} was answered, and is not on the record`];
      const { user, action, amount } = requestOf(found);
      if (user !== asked.user || action !== asked.action || amount !== asked.amount)
        return [`${id} was asked as ${JSON.stringify(asked)}, and is recorded as ${JSON.stringify(found.request)}`];
      const isPermitted = isPermit(found);
      return isPermitted === asked.isPermitted
        ? []
        : [`${id} was answered ${asked.isPermitted}, recorded ${found.result}`];
    }),
    ...[...book.outcomes].flatMap((id) => {
      const [found] = outcomes.get(id) ?? [];
      const sent = book.sent.get(id);
      const isHeld = GIVES_BACK.includes(sent);
      if (found === undefined)
        return mayBeMissing(entries, durability, { isHeld })
          ? []
          : [`the outcome of ${id} was acknowledged, and is not on the record`];
      return found.status === sent ? [] : [`the outcome of ${id} was ${sent}, recorded ${found.status}`];
    }),
    ...overruns(book, entries),
  ];
}

/** Returns what the record says was used up of each person's budgets. */
export function budgetsOf(entries: readonly Entry[]): Map<string, Budget> {
  const budgets = new Map<string, Budget>();
  for (const [user, { refunded, refunds }] of used(entries)) budgets.set(user, { refunded, refunds });
  return budgets;
}

function overruns(book: Book, entries: readonly Entry[]): string[] {
  // A permit that got to the disk after its denial was answered counts for nobody.
  const withdrawn = new Set(
    entries.flatMap(({ kind, decisionId, status }) =>
      kind === 'outcome' && status === 'not-executed' && decisionId !== undefined && !book.sent.has(decisionId)
        ? [decisionId]
        : [],
    ),
  );
  const rest = entries.filter(({ id, kind }) => !(kind === 'decision' && withdrawn.has(id)));
  return [...used(rest)].flatMap(([user, { most }]) =>
    most.refunded > LIMITS.refunded || most.refunds > LIMITS.refunds
      ? [`${user} had ${most.refunded} of ${LIMITS.refunded} in ${most.refunds} of ${LIMITS.refunds} refunds`]
      : [],
  );
}

interface Use extends Budget {
  /** The most that was used up at one time. */
  readonly most: Budget;
}

function used(entries: readonly Entry[]): Map<string, Use> {
  const uses = new Map<string, Use>();
  const permits = new Map<string, { readonly user: string; readonly amount: number }>();
  const add = (user: string, amount: number, count: number): void => {
    const { refunded, refunds, most } = uses.get(user) ?? {
      refunded: 0,
      refunds: 0,
      most: { refunded: 0, refunds: 0 },
    };
    const now = { refunded: refunded + amount, refunds: refunds + count };
    uses.set(user, {
      ...now,
      most: { refunded: Math.max(most.refunded, now.refunded), refunds: Math.max(most.refunds, now.refunds) },
    });
  };
  for (const entry of entries) {
    if (entry.kind === 'decision' && isPermit(entry)) {
      const { user, action, amount } = requestOf(entry);
      if (action !== 'refund') continue;
      permits.set(entry.id, { user, amount });
      add(user, amount, 1);
    } else if (entry.kind === 'outcome' && GIVES_BACK.includes(entry.status)) {
      const permit = permits.get(entry.decisionId ?? '');
      if (permit === undefined) continue;
      permits.delete(entry.decisionId ?? '');
      add(permit.user, -permit.amount, -1);
    }
  }
  return uses;
}

/** With `async`, what holds nothing may be missing if the record says that something is. */
function mayBeMissing(
  entries: readonly Entry[],
  durability: Durability,
  { id, isHeld }: { readonly id?: string; readonly isHeld: boolean },
): boolean {
  if (durability === 'before-response' || isHeld) return false;
  return entries.some(
    ({ kind, what, id: end, detail }) =>
      kind === 'change' && what === 'record.gap' && (id === undefined || (id > (detail?.after ?? '') && id < end)),
  );
}

function byId(entries: readonly Entry[], kind: 'decision' | 'outcome'): Map<string, Entry[]> {
  const found = new Map<string, Entry[]>();
  for (const entry of entries) {
    if (entry.kind !== kind) continue;
    const same = found.get(idOf(entry));
    if (same === undefined) found.set(idOf(entry), [entry]);
    else same.push(entry);
  }
  return found;
}

/** The id of the decision that an entry is or is about. */
function idOf({ kind, id, decisionId }: Entry): string {
  return kind === 'outcome' ? (decisionId ?? '') : id;
}

function isPermit({ result }: Entry): boolean {
  return result === 'allow' || result === 'modify';
}

function requestOf({ request }: Entry): { readonly user: string; readonly action: string; readonly amount: number } {
  const { subject, action, context } = request ?? {};
  return { user: subject?.id ?? '', action: action?.name ?? '', amount: context?.input?.amount ?? 0 };
}
