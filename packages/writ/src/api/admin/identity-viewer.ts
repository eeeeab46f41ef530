import { Entity, type EntityUid, uidText } from '@writ/cedar';
import type { WritYaml } from '../../bundle/format/writ.js';
import type { Decider } from '../../decide/decide.js';
import { millisecondsOf } from '../../lib/duration.js';
import type { Credentials } from '../../provenance/credentials.js';
import type { CredentialUses, UsedCredential } from '../../registry/credential-uses.js';
import type { Identities } from '../../registry/identities.js';
import type { IdentityKeys } from '../../registry/identity-keys.js';
import { type IdentityView, identityView } from '../../registry/identity-view.js';
import type { Revocations } from '../../registry/revocations.js';
import type { Sighting } from '../../registry/sightings.js';

export interface IdentityViewParts {
  readonly decider: () => Decider;
  readonly identities: Identities;
  readonly identityKeys: IdentityKeys;
  readonly credentials: Pick<Credentials, 'holders'>;
  readonly credentialUses: CredentialUses;
  readonly revocations: Revocations;
  /** When an identity is dormant and a credential too old, and which types are people. */
  readonly limits: () => WritYaml['identities'];
  readonly clock: () => Date;
}

/** Returns a function that makes views of identities as of now. */
export async function identityViewer(
  parts: IdentityViewParts,
): Promise<(uid: EntityUid, sighting: Sighting | undefined) => IdentityView> {
  const { identities, revocations, decider, clock, limits: settings } = parts;
  const { people, dormantAfter, credentialAge } = settings();
  const limits = { dormantAfter: millisecondsOf(dormantAfter), credentialAge: millisecondsOf(credentialAge) };
  const isPerson = new Set(people);
  const revoked = new Set(revocations.list().flatMap(({ kind, target }) => (kind === 'identity' ? [target] : [])));
  const credentials = await credentialsByIdentity(parts);
  const { registry } = decider().plane;
  const now = clock();
  return (uid, sighting) => {
    const identity = identities.find(uid);
    const facts = registry.resident(uid);
    const owner = identity?.owner ?? ownerText(facts);
    return identityView(
      {
        uid,
        identity,
        sighting,
        owner,
        credentials: credentials.get(uidText(uid)) ?? [],
        hasFacts: facts !== undefined,
        isPerson: identity?.kind === undefined ? isPerson.has(uid.type) : identity.kind === 'user',
        isRevoked: revoked.has(uidText(uid)),
      },
      limits,
      now,
    );
  };
}

function ownerText(facts: Entity | undefined): string | undefined {
  const owner = facts?.attributes.get('owner');
  if (owner instanceof Entity) return uidText(owner);
  return typeof owner === 'string' ? owner : undefined;
}

/** Groups credentials by identity: those issued here, used or not, and those seen in use. */
async function credentialsByIdentity({
  credentialUses,
  credentials,
  identityKeys,
}: IdentityViewParts): Promise<ReadonlyMap<string, readonly UsedCredential[]>> {
  const all = new Map([...(await credentialUses.byIdentity())].map(([uid, used]) => [uid, [...used]]));
  const issue = (uid: EntityUid, issued: Pick<UsedCredential, 'credential' | 'kind' | 'issued'>): void => {
    const key = uidText(uid);
    const used = all.get(key) ?? [];
    const i = used.findIndex(({ credential, kind }) => credential === issued.credential && kind === issued.kind);
    if (i === -1) used.push({ ...issued, through: [], isShared: false });
    else used[i] = { ...(used[i] as UsedCredential), ...issued };
    all.set(key, used);
  };
  for (const { holder, madeAt } of credentials.holders())
    if ('agent' in holder && holder.agent !== undefined)
      issue(holder.agent, { credential: holder.name, kind: 'api_key', issued: madeAt });
  for (const { owner, thumbprint, addedAt } of identityKeys.list())
    issue(owner, { credential: thumbprint, kind: 'public_key', issued: addedAt });
  return all;
}
