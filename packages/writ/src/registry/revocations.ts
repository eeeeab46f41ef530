import { type EntityUid, uidText } from '@writ/cedar';
import type { Migrations, Store } from '../store/store.js';

/** What a revocation takes authority from. */
export type RevocationKind = 'identity' | 'task' | 'action';

/** Authority that was taken away, by whom and why. */
export interface Revocation {
  readonly id: string;
  readonly kind: RevocationKind;
  /** An identity as `Type::"id"`; the name of a task; the name of an action. */
  readonly target: string;
  readonly reason: string;
  readonly by: string;
  /** RFC 3339, UTC. */
  readonly at: string;
}

type RevocationTables = { revocations: Revocation };

export const revocationMigrations: Migrations = {
  '0002_registry_revocations': {
    async up(db) {
      await db.schema
        .createTable('revocations')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('target', 'text', (c) => c.notNull())
        .addColumn('reason', 'text', (c) => c.notNull())
        .addColumn('by', 'text', (c) => c.notNull())
        .addColumn('at', 'text', (c) => c.notNull())
        .addUniqueConstraint('revocations_target', ['kind', 'target'])
        .execute();
    },
  },
};

/** What an action is about, as far as a revocation can be about it. */
export interface Revocable {
  readonly path: readonly EntityUid[];
  readonly action: string;
  readonly task: string | undefined;
}

/** What is revoked now. A revocation is in the next decision when its promise is kept. */
export class Revocations {
  private readonly byTarget = new Map<string, Revocation>();

  private constructor(private readonly store: Store) {}

  static async open(store: Store): Promise<Revocations> {
    const revocations = new Revocations(store);
    for (const row of await revocations.table.selectFrom('revocations').selectAll().execute()) {
      revocations.byTarget.set(keyOf(row.kind, row.target), row);
    }
    return revocations;
  }

  private get table() {
    return this.store.withTables<RevocationTables>();
  }

  /** The newest first. */
  list(): Revocation[] {
    return [...this.byTarget.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** The revocation that stands in the way of an action, if one does. */
  against({ path, action, task }: Revocable): Revocation | undefined {
    if (this.byTarget.size === 0) return undefined;
    for (const uid of path) {
      const found = this.byTarget.get(keyOf('identity', uidText(uid)));
      if (found !== undefined) return found;
    }
    return (
      this.byTarget.get(keyOf('action', action)) ??
      (task === undefined ? undefined : this.byTarget.get(keyOf('task', task)))
    );
  }

  /** The revocation of a task: it has ended. */
  ofTask(task: string): Revocation | undefined {
    return this.byTarget.get(keyOf('task', task));
  }

  /** Revokes. What is revoked already stays as it was. @returns the revocation that stands */
  async add(revocation: Revocation): Promise<Revocation> {
    const key = keyOf(revocation.kind, revocation.target);
    const standing = this.byTarget.get(key);
    if (standing !== undefined) return standing;
    // In force before it is on disk: a revocation that is late is worse than one that is lost with an error.
    this.byTarget.set(key, revocation);
    try {
      await this.table.insertInto('revocations').values(revocation).execute();
    } catch (error) {
      this.byTarget.delete(key);
      throw error;
    }
    return revocation;
  }

  /** Reinstates. @returns the revocation that was lifted, or undefined when there is none of that id */
  async lift(id: string): Promise<Revocation | undefined> {
    const found = this.list().find((one) => one.id === id);
    if (found === undefined) return undefined;
    await this.table.deleteFrom('revocations').where('id', '=', id).execute();
    this.byTarget.delete(keyOf(found.kind, found.target));
    return found;
  }
}

function keyOf(kind: RevocationKind, target: string): string {
  return `${kind}:${target}`;
}
