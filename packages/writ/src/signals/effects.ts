import { type EntityUid, uidText } from '@writ/cedar';
import type { RevocationKind } from '../registry/revocation.js';
import type { SecurityEventToken } from './set.js';
import type { SimpleSubject } from './subject-identifier.js';

/** The effect of an event here. */
export type SignalEffect =
  | {
      readonly effect: 'revoke';
      readonly kind: RevocationKind;
      readonly target: string;
      /** Milliseconds since the epoch: only what was proved by then. */
      readonly before?: number | undefined;
    }
  /** The revocations of this stream that are about an identity, and not about what was proved by a time, are lifted. */
  | { readonly effect: 'reinstate'; readonly identity: EntityUid }
  /** A fact; null: there is none. */
  | { readonly effect: 'fact'; readonly entity: EntityUid; readonly attribute: string; readonly value: unknown }
  | { readonly effect: 'verified'; readonly state: string | undefined }
  | { readonly effect: 'stream'; readonly status: 'enabled' | 'paused' | 'disabled' };

/** The identities that subjects stand for, and the attributes that keep their facts. */
export interface SignalMapping {
  /** The identity that a part of a subject stands for; undefined when it stands for none. */
  readonly identityOf: (
    member: 'user' | 'device' | 'agent' | 'workload',
    subject: SimpleSubject,
  ) => EntityUid | undefined;
  /** The attributes for the facts that events bring; those that are not named are not kept. */
  readonly attributes: {
    readonly risk?: string | undefined;
    readonly compliance?: string | undefined;
    readonly assurance?: string | undefined;
    /** Attributes by the name of the claim. */
    readonly claims?: Readonly<Record<string, string>> | undefined;
  };
}

const IDENTITIES = ['user', 'agent', 'workload'] as const;

/** Returns the effects of an event; empty for an event that is recorded only. */
export function effectsOf(set: SecurityEventToken, mapping: SignalMapping): SignalEffect[] {
  const { event } = set;
  if (event === undefined) return [];
  const at = happenedAt(set);
  const { attributes } = mapping;
  switch (event.name) {
    case 'session-revoked':
    case 'sessions-revoked':
      return revoked(set, mapping, at);
    case 'credential-compromise':
      return revoked(set, mapping, at);
    case 'credential-change':
      return event.claims.change_type === 'revoke' || event.claims.change_type === 'delete'
        ? revoked(set, mapping, at)
        : [];
    case 'account-disabled':
    case 'account-purged':
      return identities(set, mapping).map((uid) => ({ effect: 'revoke', kind: 'identity', target: uidText(uid) }));
    case 'account-enabled':
      return identities(set, mapping).map((identity) => ({ effect: 'reinstate', identity }));
    case 'token-claims-change':
      return identities(set, mapping).flatMap((entity) =>
        Object.entries(attributes.claims ?? {}).flatMap(([claim, attribute]) =>
          Object.hasOwn(event.claims.claims, claim)
            ? [{ effect: 'fact' as const, entity, attribute, value: event.claims.claims[claim] ?? null }]
            : [],
        ),
      );
    case 'assurance-level-change':
      return facts(set, mapping, attributes.assurance, event.claims.current_level);
    case 'device-compliance-change':
      return facts(set, mapping, attributes.compliance, event.claims.current_status, ['device', ...IDENTITIES]);
    case 'risk-level-change':
      return facts(set, mapping, attributes.risk, event.claims.current_level, ['device', ...IDENTITIES]);
    case 'verification':
      return [{ effect: 'verified', state: event.claims.state }];
    case 'stream-updated':
      return [{ effect: 'stream', status: event.claims.status }];
    default:
      return [];
  }
}

/** Returns when an event happened, in ms since the epoch: as the event says, or when its token was made. */
export function happenedAt({ event, issuedAt }: SecurityEventToken): number {
  const { event_timestamp: said } = (event?.claims ?? {}) as { event_timestamp?: number };
  // Some send milliseconds; no event is of the year 5000.
  const seconds = said === undefined ? issuedAt : said > 1e11 ? said / 1_000 : said;
  return seconds * 1_000;
}

/** Revokes the session or token that is named; without one, all that its identity proved by then. */
function revoked(set: SecurityEventToken, mapping: SignalMapping, before: number): SignalEffect[] {
  const { session, user } = set.subject;
  const named = session ?? (user?.format === 'jwt_id' ? user : undefined);
  if (named?.format === 'jwt_id') return [{ effect: 'revoke', kind: 'token', target: `${named.iss} ${named.jti}` }];
  if (named?.format === 'opaque') return [{ effect: 'revoke', kind: 'session', target: named.id }];
  return identities(set, mapping).map((uid) => ({ effect: 'revoke', kind: 'identity', target: uidText(uid), before }));
}

function identities({ subject }: SecurityEventToken, { identityOf }: SignalMapping): EntityUid[] {
  return IDENTITIES.flatMap((member) => {
    const named = subject[member];
    const uid = named && identityOf(member, named);
    return uid === undefined ? [] : [uid];
  });
}

function facts(
  { subject }: SecurityEventToken,
  { identityOf }: SignalMapping,
  attribute: string | undefined,
  value: string,
  members: readonly ('user' | 'device' | 'agent' | 'workload')[] = IDENTITIES,
): SignalEffect[] {
  if (attribute === undefined) return [];
  // An event about a user's device is about the device.
  for (const member of members) {
    const named = subject[member];
    const entity = named && identityOf(member, named);
    if (entity !== undefined) return [{ effect: 'fact', entity, attribute, value }];
  }
  return [];
}
