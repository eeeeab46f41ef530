import type { LogReader } from '../../audit/log/log-reader.js';
import type { LogWriter } from '../../audit/log/log-writer.js';
import type { PersonKeys } from '../../audit/protection/person-keys.js';
import type { DecisionSearch } from '../../audit/search/decision-search.js';
import type { SearchIndex } from '../../audit/search/search-index.js';
import type { WritYaml } from '../../bundle/format/writ.js';
import type { Decider } from '../../decide/decide.js';
import type { DecisionRecord, Removal, UsedProof } from '../../decide/record.js';
import type { Credentials } from '../../provenance/credentials.js';
import type { Approvals } from '../../registry/approval-store.js';
import type { CredentialUses } from '../../registry/credential-uses.js';
import type { EntityStore } from '../../registry/entity-store.js';
import type { Grants } from '../../registry/grants.js';
import type { Identities } from '../../registry/identities.js';
import type { IdentityKeys } from '../../registry/identity-keys.js';
import type { Author, RevisionLog } from '../../registry/revision-log.js';
import type { Revocations } from '../../registry/revocations.js';
import type { Sightings } from '../../registry/sightings.js';
import type { ToolPins } from '../../registry/tool-pins.js';
import type { AuthenticatedCaller } from '../http/callers.js';

/** What the admin API works on. */
export interface AdminParts {
  readonly decider: () => Decider;
  readonly policy: PolicyControl;
  readonly revisions: RevisionLog;
  readonly entities: EntityStore;
  readonly grants: Grants;
  readonly approvals: Approvals;
  readonly toolPins: ToolPins;
  readonly identities: Identities;
  readonly identityKeys: IdentityKeys;
  readonly credentials: Pick<Credentials, 'holders'>;
  readonly credentialUses: CredentialUses;
  /** When an identity is dormant and a credential too old, and which types are people. */
  readonly limits: () => WritYaml['identities'];
  readonly revocations: Revocations;
  readonly sightings: Sightings;
  readonly reader: LogReader;
  readonly search: DecisionSearch;
  /** What the policies that are served say of a recorded decision: what would have given the other answer, and in words. */
  readonly account: (decision: DecisionRecord) => {
    readonly alternatives: readonly object[];
    readonly lines: readonly string[];
  };
  readonly searchIndex: () => SearchIndex | undefined;
  readonly personKeys: PersonKeys;
  readonly log: LogWriter;
  readonly clock: () => Date;
  /** Aborted when the service stops: what would go on for ever ends. */
  readonly closing: AbortSignal;
}

/** The policy as the service holds it. */
export interface PolicyControl {
  describe(): PolicyDescription;
  /**
   * Reads the bundle again and decides with it from now on. When it cannot be used, nothing changes.
   *
   * @throws {BundleError} with everything that is wrong with it
   */
  reload(by: string): Promise<PolicyDescription>;
}

export interface PolicyDescription {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly since: string;
  readonly why?: string | undefined;
  readonly policies: readonly {
    readonly id: string;
    readonly effect: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly file: string;
  }[];
  readonly servicePolicies: readonly string[];
}

/** Who changes something, and when. */
export function authorOf(
  { clock }: Pick<AdminParts, 'clock'>,
  caller: Pick<AuthenticatedCaller, 'enforcementPoint'>,
): Author {
  return { by: caller.enforcementPoint, now: clock() };
}

/** Puts a change of what decisions are made from on the record. */
export async function recordChange(
  { decider, log, clock }: Pick<AdminParts, 'decider' | 'log' | 'clock'>,
  caller: Pick<AuthenticatedCaller, 'enforcementPoint'>,
  what: string,
  detail: Readonly<Record<string, unknown>>,
  proofs: readonly UsedProof[] = [],
  removed?: readonly Removal[],
): Promise<void> {
  const now = clock();
  const id = decider().nextId(now);
  await log.append(
    [
      {
        kind: 'change',
        id,
        time: now.toISOString(),
        by: caller.enforcementPoint,
        what,
        detail,
        ...(removed === undefined ? {} : { removed }),
      },
    ],
    proofs,
  );
}
