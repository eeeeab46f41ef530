import { parseUid } from '@writ/cedar';
import { defined } from '@writ/sdk/lib/defined';
import type { LoggedChange, RevisionLog } from '../registry/revision-log.js';
import type { Revocation } from '../registry/revocation.js';
import type { Revocations } from '../registry/revocations.js';

/** An event of ours, before it is signed. */
export interface OutgoingEvent {
  /** The same each time that it is made. */
  readonly jti: string;
  /** The revision of the change. */
  readonly revision: number;
  readonly subId: Readonly<Record<string, unknown>>;
  readonly uri: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

const SESSION_REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
/** Events that CAEP does not have: for authority that is no session, and for reinstatements. */
export const AUTHORITY_REVOKED = 'https://writ.dev/secevent/event-type/authority-revoked';
export const AUTHORITY_REINSTATED = 'https://writ.dev/secevent/event-type/authority-reinstated';

const AT_ONCE = 500;

/**
 * The events behind a revision: what was revoked and given back, in order.
 *
 * @returns them, and the revision that they reach to
 */
export async function eventsBehind(
  after: number,
  revisions: RevisionLog,
  revocations: Revocations,
  issuer: string,
): Promise<{ readonly events: readonly OutgoingEvent[]; readonly upTo: number }> {
  const changes = await revisions.changes(after, AT_ONCE);
  const changed = changes.filter(({ kind }) => kind === 'revocation');
  const stored = await revocations.stored(changed.map(({ id }) => id));
  const events = changed.flatMap((change) => {
    const revocation = stored.get(change.id);
    // It has been revoked again since; a later change says so.
    return revocation === undefined ? [] : [eventOf(change, revocation, issuer)];
  });
  const last = changes[changes.length - 1];
  return { events, upTo: last?.revision ?? after };
}

function eventOf({ revision, what, at, by }: LoggedChange, revocation: Revocation, issuer: string): OutgoingEvent {
  const { kind, target, task, until, reason } = revocation;
  const session = what === 'put' ? sessionOf(revocation, issuer) : undefined;
  const claims = {
    event_timestamp: Math.floor(Date.parse(revocation.before ?? at) / 1_000),
    initiating_entity: by.startsWith('signals:') ? 'system' : 'admin',
    reason_admin: { en: reason },
  };
  const jti = `${issuer}#${revision}`;
  if (session !== undefined) return { jti, revision, subId: session, uri: SESSION_REVOKED, claims };
  return {
    jti,
    revision,
    subId: { format: 'opaque', id: `${kind} ${target}` },
    uri: what === 'put' ? AUTHORITY_REVOKED : AUTHORITY_REINSTATED,
    claims: { ...claims, kind, target, ...defined({ task, until }) },
  };
}

/** The subject of a revocation that is, in CAEP's words, that of sessions. */
function sessionOf({ kind, target }: Revocation, issuer: string): OutgoingEvent['subId'] | undefined {
  switch (kind) {
    case 'identity': {
      const uid = parseUid(target);
      const member = uid?.type === 'User' || uid?.type === 'user' ? 'user' : 'agent';
      return { format: 'complex', [member]: { format: 'iss_sub', iss: issuer, sub: target } };
    }
    case 'session':
    case 'task':
      return { format: 'complex', session: { format: 'opaque', id: target } };
    case 'token': {
      const space = target.indexOf(' ');
      const [iss, jti] = space === -1 ? [issuer, target] : [target.slice(0, space), target.slice(space + 1)];
      return { format: 'jwt_id', iss, jti };
    }
    default:
      return undefined;
  }
}
