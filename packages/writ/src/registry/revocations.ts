import type { Kysely } from 'kysely';
import { type Clock, earliestBy } from '../lib/clock.js';
import type { Store } from '../store/store.js';
import { TooManyRevocationsError, UnsavedRevocationError } from './errors.js';
import type { Author, RevisionLog } from './revision-log.js';
import { hasEnded, isBefore, keyOf, keysOf, type Revocable, type Revocation, reaches } from './revocation.js';
import { type RevocationTables, revocationOf } from './revocation-rows.js';
import { UnsavedRevocations } from './unsaved-revocations.js';

/** Receives a revocation as soon as it is in force. */
type OnRevocation = (revocation: Revocation) => void;

/** The revocations in force. The next decision after the promise of {@link Revocations.add} resolves sees the new one. */
export class Revocations {
  private readonly byTarget = new Map<string, Revocation>();
  /** In force and not on disk yet: what is read from there does not undo them. */
  private readonly unsaved = new UnsavedRevocations((revocation) => this.save(revocation));
  private readonly listeners = new Set<OnRevocation>();

  private constructor(
    private readonly store: Store,
    private readonly revisions: RevisionLog,
    private readonly clock: Clock,
  ) {
    revisions.keep({ kind: 'revocation', refresh: (from) => this.refresh(from) });
  }

  static async open(store: Store, revisions: RevisionLog, clock: Clock): Promise<Revocations> {
    const revocations = new Revocations(store, revisions, clock);
    (await revocations.refresh(store))();
    return revocations;
  }

  /** All are read: they are few, and one that is overlooked is a permit. */
  private async refresh(from: Store): Promise<() => void> {
    const rows = await from
      .withTables<RevocationTables>()
      .selectFrom('registry_revocations')
      .selectAll()
      .where('lifted_at', 'is', null)
      .execute();
    return () => {
      const before = new Map(this.byTarget);
      this.byTarget.clear();
      for (const row of rows) {
        const revocation = revocationOf(row);
        this.byTarget.set(keyOf(revocation), revocation);
        if (before.get(keyOf(revocation))?.id !== revocation.id) this.notify(revocation);
      }
      for (const [key, revocation] of this.unsaved) this.byTarget.set(key, revocation);
    };
  }

  /** The newest first. */
  list(): Revocation[] {
    return [...this.byTarget.values()].filter((one) => !this.isOver(one)).sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  find(id: string): Revocation | undefined {
    for (const one of this.byTarget.values()) if (one.id === id) return one;
    return undefined;
  }

  /** Calls back with each revocation as soon as it is in force. @returns a function that ends it */
  onRevocation(listener: OnRevocation): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Returns the revocation that denies an action; undefined if none does. `aboutWhat` is called only if anything is revoked. */
  against(aboutWhat: () => Revocable): Revocation | undefined {
    if (this.byTarget.size === 0) return undefined;
    const about = aboutWhat();
    for (const key of keysOf(about)) {
      const found = this.byTarget.get(key);
      if (found !== undefined && isBefore(about, found) && !this.isOver(found)) return found;
    }
    return undefined;
  }

  /** Revocations as they are stored, those that were lifted too; by their ids. */
  async stored(ids: readonly string[]): Promise<ReadonlyMap<string, Revocation & { readonly liftedAt?: string }>> {
    if (ids.length === 0) return new Map();
    const rows = await this.store
      .withTables<RevocationTables>()
      .selectFrom('registry_revocations')
      .selectAll()
      .where('id', 'in', [...ids])
      .execute();
    return new Map(
      rows.map((row) => [
        row.id,
        { ...revocationOf(row), ...(row.lifted_at === null ? {} : { liftedAt: row.lifted_at }) },
      ]),
    );
  }

  /** The revocation of a task: it has ended. */
  ofTask(task: string): Revocation | undefined {
    return this.byTarget.get(keyOf({ kind: 'task', target: task }));
  }

  /** The revocation of a token, by its `jti`. */
  ofToken(jti: string): Revocation | undefined {
    return this.byTarget.get(keyOf({ kind: 'token', target: jti }));
  }

  /**
   * Revokes. A target that is revoked already stays as it was, unless the new revocation reaches further.
   *
   * @returns the revocation in force
   * @throws {TooManyRevocationsError} if too many are not on disk: it is not in force
   * @throws {UnsavedRevocationError} if it is in force and not on disk: it is written as soon as it can be, if the process lives
   */
  async add(revocation: Revocation): Promise<Revocation> {
    const key = keyOf(revocation);
    const standing = this.byTarget.get(key);
    if (standing !== undefined && !this.isOver(standing) && reaches(standing) >= reaches(revocation)) {
      if (this.unsaved.has(key, standing)) throw new UnsavedRevocationError(standing);
      return standing;
    }
    if (this.unsaved.isFull) throw new TooManyRevocationsError();
    // In force before it is on disk: a revocation that is late is worse than one that a crash undoes.
    this.byTarget.set(key, revocation);
    const saved = this.unsaved.add(key, revocation);
    this.notify(revocation);
    if (!(await saved)) throw new UnsavedRevocationError(revocation);
    return revocation;
  }

  private save(revocation: Revocation): Promise<void> {
    return this.write(revocation, revocation.at, 'put', async (tables) => {
      const { kind, target, task = '', before = null, until = null, ...rest } = revocation;
      await tables
        .deleteFrom('registry_revocations')
        .where('kind', '=', kind)
        .where('target', '=', target)
        .where('task', '=', task)
        .execute();
      await tables
        .insertInto('registry_revocations')
        .values({ ...rest, kind, target, task, before, until, lifted_at: null })
        .execute();
    });
  }

  /** Lifts a revocation. @returns the revocation; undefined if the id is not found */
  async lift(id: string, author: Author): Promise<Revocation | undefined> {
    const found = this.find(id);
    if (found === undefined) return undefined;
    const takeBack = this.unsaved.forget(keyOf(found));
    try {
      await this.write({ ...found, by: author.by }, author.now.toISOString(), 'delete', async (tables) => {
        await tables
          .updateTable('registry_revocations')
          .set({ lifted_at: author.now.toISOString() })
          .where('id', '=', id)
          .execute();
      });
    } catch (error) {
      takeBack();
      throw error;
    }
    if (this.byTarget.get(keyOf(found))?.id === id) this.byTarget.delete(keyOf(found));
    return found;
  }

  private async write(
    { id, kind, by }: Revocation,
    at: string,
    what: 'put' | 'delete',
    make: (tables: Kysely<RevocationTables>) => Promise<void>,
  ): Promise<void> {
    await this.revisions.write({ by, now: new Date(at) }, async (tables) => {
      await make(tables.withTables<RevocationTables>());
      return { changes: [{ kind: 'revocation', type: kind, id, what }] };
    });
  }

  /** A revocation ends when it is over by both clocks: its end gives authority back. */
  private isOver(revocation: Revocation): boolean {
    return revocation.until !== undefined && hasEnded(revocation, earliestBy(this.clock));
  }

  private notify(revocation: Revocation): void {
    for (const listener of this.listeners) listener(revocation);
  }
}
