import type { EntityUid } from '@writ/cedar';
import { defined } from '@writ/sdk/lib/defined';
import { isOfOne, type UsedCredential } from './credential-uses.js';
import type { Identity } from './identities.js';
import type { IdentityFlag, IdentityKind } from './identity-kinds.js';
import type { Sighting } from './sightings.js';

/** An identity as administrators see it: its registration, its sightings, its credentials. */
export interface IdentityView extends EntityUid {
  readonly kind?: IdentityKind | undefined;
  readonly owner?: string | undefined;
  readonly team?: string | undefined;
  readonly purpose?: string | undefined;
  readonly parent?: string | undefined;
  readonly version?: string | undefined;
  readonly manifest?: string | undefined;
  readonly state: 'active' | 'dormant' | 'suspended' | 'retired' | 'unregistered';
  readonly registeredAt?: string;
  readonly registeredBy?: string;
  readonly firstSeen?: string;
  readonly lastSeen?: string;
  /** The actions that it was permitted, at most 100. */
  readonly tools: readonly string[];
  readonly credentials: readonly UsedCredential[];
  readonly flags: readonly IdentityFlag[];
}

interface IdentityParts {
  readonly uid: EntityUid;
  readonly identity: Identity | undefined;
  readonly sighting: Sighting | undefined;
  readonly credentials: readonly UsedCredential[];
  /** Whether the registry holds facts of it. */
  readonly hasFacts: boolean;
  /** The owner, by its registration or its facts. */
  readonly owner: string | undefined;
  readonly isPerson: boolean;
  readonly isRevoked: boolean;
}

/** When an identity counts as dormant, and a credential as too old; milliseconds. */
interface IdentityLimits {
  readonly dormantAfter: number;
  readonly credentialAge: number;
}

/** Returns the view of an identity. */
export function identityView(parts: IdentityParts, limits: IdentityLimits, now: Date): IdentityView {
  const { uid, identity, sighting, credentials } = parts;
  const { registeredAt, registeredBy, state: set, ...said } = identity ?? {};
  const lastActive = sighting?.lastSeen ?? registeredAt;
  const isDormant = lastActive !== undefined && now.getTime() - Date.parse(lastActive) > limits.dormantAfter;
  const state =
    set === 'suspended' || set === 'retired'
      ? set
      : isDormant
        ? 'dormant'
        : identity?.kind === undefined && !parts.hasFacts
          ? 'unregistered'
          : 'active';
  return {
    ...said,
    ...defined({ owner: parts.owner }),
    type: uid.type,
    id: uid.id,
    state,
    ...(registeredAt === undefined ? {} : { registeredAt, registeredBy: registeredBy ?? '' }),
    ...(sighting === undefined ? {} : { firstSeen: sighting.firstSeen, lastSeen: sighting.lastSeen }),
    tools: sighting?.tools ?? [],
    credentials,
    flags: flagsOf(parts, isDormant, limits, now),
  };
}

function flagsOf(
  { identity, credentials, hasFacts, owner, isPerson, isRevoked }: IdentityParts,
  isDormant: boolean,
  { credentialAge }: IdentityLimits,
  now: Date,
): IdentityFlag[] {
  const flags: IdentityFlag[] = [];
  const at = now.getTime();
  if (identity?.kind === undefined && !hasFacts) flags.push('unregistered');
  if (owner === undefined && !isPerson) flags.push('ownerless');
  if (isDormant && identity?.state !== 'retired') flags.push('dormant');
  const isOld = ({ kind, issued }: UsedCredential): boolean =>
    isOfOne(kind) && issued !== undefined && at - Date.parse(issued) > credentialAge;
  if (credentials.some(isOld)) flags.push('over-age-credential');
  if (credentials.some(({ isShared }) => isShared)) flags.push('shared-credential');
  if (isRevoked) flags.push('revoked');
  return flags;
}
