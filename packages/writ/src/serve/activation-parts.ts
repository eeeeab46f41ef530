import { type EntityUid, parseUid } from '@writ/cedar';
import { BUILT_IN } from '../api/http/callers.js';
import type { ServedBundle } from '../bundle/bundle.js';
import type { Holder } from '../provenance/credentials.js';
import type { Signals } from '../signals/signals.js';
import type { ActivationPart } from './activation.js';
import type { Rooms } from './open-rooms.js';

/** Returns the parts that change with the bundle, in addition to the policy: protection of the record, keys, accumulators, signals. */
export function activationParts(rooms: Rooms, signals: Signals): ActivationPart[] {
  const { keeping, maskKey, credentials, ledger, runtime } = rooms;
  return [
    { prepare: ({ settings }) => keeping.prepare(settings.record, maskKey) },
    { prepare: async (bundle) => ({ commit: await credentials.prepare(holdersOf(bundle)) }) },
    {
      async prepare({ ledger: { accumulators } }) {
        const declare = ledger.prepare(accumulators);
        return {
          commit() {
            const names = declare();
            if (names.length > 0)
              runtime.logger.warn(
                { accumulators: names },
                'accumulators begin at zero: their declarations have changed',
              );
          },
        };
      },
    },
    { prepare: async ({ settings }) => ({ commit: await signals.prepare(settings.signals) }) },
  ];
}

/** Returns those who prove themselves by a key that Writ makes: callers of the service, and clients of the gateway. */
function holdersOf({ settings }: ServedBundle): Holder[] {
  const callers = Object.entries({ ...BUILT_IN, ...settings.callers }).filter(
    ([, { token, certificate }]) => token === undefined && certificate === undefined,
  );
  const clients = Object.entries(settings.gateway.clients).map(([name, { agent, for: originator, scopes }]) => ({
    kind: 'client' as const,
    name,
    agent: parseUid(agent) as EntityUid,
    originator: parseUid(originator) as EntityUid,
    scopes,
  }));
  return [...callers.map(([name]) => ({ kind: 'caller' as const, name })), ...clients];
}
