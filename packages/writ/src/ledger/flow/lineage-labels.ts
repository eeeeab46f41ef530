import type { TaskKey } from '../../lib/ids.js';
import { Accounts } from '../accumulators/accounts.js';
import { TEXTS } from '../accumulators/amounts.js';
import { checkSetRoom, MAX_SET_VALUES, SetAccount } from '../accumulators/set-account.js';
import type { LedgerEvent } from '../event.js';
import type { Holding } from '../holding.js';
import { hasAllOf } from './labels.js';
import { withinRoom } from './reader-room.js';

/** A bundle cannot give an accumulator such a name. */
const LINEAGE = '$lineage';
/** The most tasks of one lineage whose labels are kept apart; those of another are kept together. */
const MAX_TASKS = 64;
/** The ends of labels are rounded up to this, in milliseconds. */
const RESOLUTION_MS = 60_000;
const NONE: readonly string[] = [];

/** The labels of one task within its lineage. */
interface Part {
  /** The name that callers give the task; null if it has a token, or several tasks share this part. */
  readonly name: string | null;
  /** Null if several tasks share this part. */
  readonly task: TaskKey | null;
}

/** The account of a task. */
interface Place {
  readonly key: string;
  readonly lineage: string;
  readonly name: string | null;
}

/** The parts of one lineage, by the key of their account. */
interface Lineage {
  readonly parts: Map<string, Part>;
  /** The labels of all parts, as they were read last: the same list while they do not change. */
  last: readonly string[];
}

/**
 * The labels that the tasks of one lineage have read within a window. A task cannot wash them off by being another one: they count for
 * every task of the same owner, until the window ends or a person takes them off.
 */
export class LineageLabels {
  readonly accounts: Accounts<readonly string[], SetAccount>;
  /** For how long labels count, in milliseconds. */
  windowMs = 24 * 60 * 60_000;
  /** When the labels were last read or added to. */
  usedAt = new Date(0);
  private readonly lineages = new Map<string, Lineage>();
  private readonly byTask = new Map<TaskKey, Place>();

  constructor() {
    this.accounts = new Accounts({
      ...{ name: LINEAGE, fold: 'labels by lineage, name and task', amounts: TEXTS },
      window: { endOf: (now: number) => now + this.windowMs, resolution: RESOLUTION_MS },
      account: (key: string) => {
        this.note(key);
        return new SetAccount(RESOLUTION_MS);
      },
    });
  }

  get name(): string {
    return LINEAGE;
  }

  /** Returns the labels of everything that tasks of a lineage have read. */
  of(lineage: string, now: Date): readonly string[] {
    this.usedAt = now;
    const known = this.lineages.get(lineage);
    if (known === undefined) return NONE;
    const labels = this.union(known, now, undefined);
    if (known.parts.size === 0) this.lineages.delete(lineage);
    if (!isSame(labels, known.last)) known.last = labels;
    return known.last;
  }

  /** Returns the labels of what the tasks of one name have read, and of those that are kept together. */
  ofName(lineage: string, name: string, now: Date): readonly string[] {
    const known = this.lineages.get(lineage);
    if (known === undefined) return NONE;
    return this.union(known, now, name);
  }

  /** Returns what a permit of this event holds. @throws {LedgerError} if there is no room */
  hold({ lineage, taskName, keys: { task }, labels: added }: LedgerEvent, at: number): Holding {
    const key = this.keyFor(lineage, { name: taskName ?? null, task });
    this.usedAt = new Date(at);
    const account = this.accounts.find(key);
    const labels = withinRoom(added, account, at);
    if (account !== undefined) checkSetRoom(LINEAGE, account, labels, at, MAX_SET_VALUES);
    return this.accounts.hold(key, labels, at);
  }

  /** Returns the account of a task and its lineage; undefined if it has no labels of its own. */
  placeOf(task: TaskKey): Place | undefined {
    return this.byTask.get(task);
  }

  /** Returns the lineage that an account is of. */
  lineageOf(key: string): string {
    return (JSON.parse(key) as [string])[0];
  }

  private keyFor(lineage: string, { name, task }: Part): string {
    const known = task === null ? undefined : this.byTask.get(task);
    if (known !== undefined && known.lineage === lineage && known.name === name) return known.key;
    const key = JSON.stringify([lineage, name, task]);
    const parts = this.lineages.get(lineage)?.parts;
    return parts === undefined || parts.has(key) || parts.size < MAX_TASKS
      ? key
      : JSON.stringify([lineage, null, null]);
  }

  private note(key: string): void {
    const [lineage, name, task] = JSON.parse(key) as [string, string | null, TaskKey | null];
    const known = this.lineages.get(lineage) ?? { parts: new Map<string, Part>(), last: NONE };
    this.lineages.set(lineage, known);
    known.parts.set(key, { name, task });
    if (task !== null) this.byTask.set(task, { key, lineage, name });
  }

  /** @param name the name whose tasks count, with those that are kept together; undefined if all count */
  private union({ parts }: Lineage, now: Date, name: string | undefined): readonly string[] {
    const lists: (readonly string[])[] = [];
    for (const [key, part] of parts) {
      const labels = this.accounts.find(key)?.valuesAt(now.getTime()) ?? NONE;
      if (labels.length === 0) {
        // It is noted again when it is opened again.
        this.accounts.close(key);
        parts.delete(key);
        if (part.task !== null) this.byTask.delete(part.task);
      } else if (name === undefined || part.name === name || part.task === null) lists.push(labels);
    }
    let longest = NONE;
    for (const list of lists) if (list.length > longest.length) longest = list;
    // hot: tasks of one owner mostly read alike.
    return lists.every((list) => hasAllOf(longest, list)) ? longest : [...new Set(lists.flat())].sort();
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((label, i) => label === other[i]);
}
