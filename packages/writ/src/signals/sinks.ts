import { uidText } from '@writ/cedar';
import { defined } from '@writ/sdk/lib/defined';
import type { EntityStore } from '../registry/entity-store.js';
import type { Revocations } from '../registry/revocations.js';
import type { SignalSinks } from './stream.js';

interface SinkParts {
  readonly revocations: Revocations;
  readonly entities: EntityStore;
  readonly clock: () => Date;
  /** Returns a new ULID. */
  readonly nextId: (now: Date) => string;
  /** Records a change. */
  readonly record: SignalSinks['record'];
}

/** Returns the changes that signals make in the registry. Each is recorded. */
export function signalSinks({ revocations, entities, clock, nextId, record }: SinkParts): SignalSinks {
  return {
    async revoke({ kind, target, before }, by, reason) {
      const now = clock();
      const revocation = await revocations.add({
        ...{ id: nextId(now), kind, target, reason, by, at: now.toISOString() },
        ...defined({ before: before === undefined ? undefined : new Date(before).toISOString() }),
      });
      // An earlier revocation of the same target by somebody else stays, and is on the record.
      if (revocation.by === by) await record(by, 'revocations.add', { ...revocation });
    },
    async reinstate({ identity }, by, reason) {
      const target = uidText(identity);
      // A stream lifts its own revocations only.
      const own = revocations
        .list()
        .filter((one) => one.by === by && one.kind === 'identity' && one.target === target && one.before === undefined);
      for (const one of own) {
        await record(by, 'revocations.lift', { ...one, liftedBecause: reason });
        await revocations.lift(one.id, { by, now: clock() });
      }
    },
    async putFact({ entity, attribute, value }, by, asOf) {
      await entities.patch(entity, { [attribute]: value }, { source: by, asOf }, { by, now: clock() });
    },
    record,
  };
}
