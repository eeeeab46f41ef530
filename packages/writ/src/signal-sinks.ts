import { uidText } from '@writ/cedar';
import type { Ids } from './decide/ids.js';
import type { EntityStore } from './registry/entity-store.js';
import type { Revocations } from './registry/revocations.js';
import type { RecordChange } from './serve/record-keeping.js';
import type { SignalSinks } from './signals/stream.js';

interface SinkParts {
  readonly revocations: Revocations;
  readonly entities: EntityStore;
  readonly clock: () => Date;
  readonly ids: Ids;
  readonly record: RecordChange;
}

/** What signals change, each change on the record. */
export function signalSinks({ revocations, entities, clock, ids, record }: SinkParts): SignalSinks {
  return {
    async revoke({ kind, target, before }, by, reason) {
      const now = clock();
      const standing = await revocations.add({
        id: ids.next(now),
        kind,
        target,
        ...(before === undefined ? {} : { before: new Date(before).toISOString() }),
        reason,
        by,
        at: now.toISOString(),
      });
      if (standing.by === by) await record({ by, what: 'revocations.add', detail: { ...standing } });
    },
    async reinstate({ identity }, by, reason) {
      const target = uidText(identity);
      // What others revoked is theirs to give back.
      const own = revocations
        .list()
        .filter((one) => one.by === by && one.kind === 'identity' && one.target === target && one.before === undefined);
      for (const one of own) {
        await record({ by, what: 'revocations.lift', detail: { ...one, liftedBecause: reason } });
        await revocations.lift(one.id, { by, now: clock() });
      }
    },
    async putFact({ entity, attribute, value }, by, asOf) {
      await entities.patch(entity, { [attribute]: value }, { source: by, asOf }, { by, now: clock() });
    },
    record: (by, what, detail) => record({ by, what, detail }),
  };
}
