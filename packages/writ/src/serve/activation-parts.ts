import { type EntityUid, parseUid } from '@writ/cedar';
import { BUILT_IN, type DeclaredCaller } from '../api/http/callers.js';
import type { ServedBundle } from '../bundle/bundle.js';
import type { WritYaml } from '../bundle/format/writ.js';
import { millisecondsOf } from '../lib/duration.js';
import type { BroughtKey } from '../provenance/brought-key.js';
import type { Holder } from '../provenance/holder.js';
import type { Signals } from '../signals/signals.js';
import type { ActivationPart } from './activation.js';
import type { Rooms } from './open-rooms.js';

/** Returns the parts that change with the bundle, in addition to the policy: protection of the record, keys, accumulators, signals. */
export function activationParts(
  rooms: Rooms,
  signals: Signals,
  callers: Readonly<Record<string, DeclaredCaller>>,
): ActivationPart[] {
  const { keeping, maskKey, credentials, ledger, runtime } = rooms;
  return [
    { prepare: ({ settings }) => keeping.prepare(settings.record, maskKey) },
    {
      async prepare(bundle) {
        const { commit, notes } = await credentials.prepare(holdersOf(bundle, callers));
        return {
          async commit() {
            for (const note of notes) runtime.logger.warn(note);
            await commit();
          },
        };
      },
    },
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

/** Returns those who prove themselves by a key: callers of the service, clients of the gateway, and fronts. */
function holdersOf({ settings }: ServedBundle, ofProgram: Readonly<Record<string, DeclaredCaller>>): Holder[] {
  const declared: Readonly<Record<string, DeclaredCaller & { readonly key?: KeySetting }>> = {
    ...BUILT_IN,
    ...ofProgram,
    ...settings.callers,
  };
  const callers = Object.entries(declared).filter(
    ([, { token, certificate }]) => token === undefined && certificate === undefined,
  );
  const clients = Object.entries(settings.gateway.clients).map(([name, { agent, for: originator, scopes, key }]) => ({
    kind: 'client' as const,
    name,
    agent: parseUid(agent) as EntityUid,
    originator: parseUid(originator) as EntityUid,
    scopes,
    brings: broughtBy(key),
  }));
  const fronts = Object.entries(settings.http.fronts).map(([name, { key }]) => ({
    kind: 'front' as const,
    name,
    brings: broughtBy(key),
  }));
  return [
    ...callers.map(([name, { key }]) => ({ kind: 'caller' as const, name, brings: broughtBy(key) })),
    ...clients,
    ...fronts,
  ];
}

type KeySetting = WritYaml['callers'][string]['key'];

function broughtBy(key: KeySetting): BroughtKey | undefined {
  if (key === undefined) return undefined;
  const { file, env, overlap } = key;
  return { file, env, overlapMs: overlap === undefined ? 0 : millisecondsOf(overlap) };
}
