import type { EntityUid } from '@writ/cedar';
import { type ChangeParts, recordProvedChange } from '../api/admin/changes.js';
import type { TokenParts } from '../api/tokens/token.js';
import type { ServedBundle } from '../bundle/bundle.js';
import { secondsOf } from '../bundle/format/lifetime.js';
import type { Decider } from '../decide/decide.js';
import { TokenExchange } from '../decide/delegation/exchange.js';
import { TokenIssuer } from '../decide/delegation/token-issuer.js';
import { TokenVerifier } from '../decide/delegation/token-verifier.js';
import type { Ids } from '../decide/ids.js';
import { declaredPlanner } from '../decide/planner/declared-planner.js';
import type { Planner } from '../decide/planner/planner.js';
import type { Txn } from '../lib/ids.js';
import { memo } from '../lib/memo.js';
import type { Credentials } from '../provenance/credentials.js';
import { DpopProofs } from '../provenance/dpop.js';
import type { TokenLimits } from '../provenance/exchange.js';
import { IdJags } from '../provenance/id-jags.js';
import { type OwnedKey, TokenChains } from '../provenance/links.js';
import { Prover } from '../provenance/prove.js';
import type { SigningKeys } from '../provenance/signing-keys.js';
import type { TaskStore } from '../provenance/task-store.js';
import { type TokenDomain, TransactionTokens } from '../provenance/transaction-token.js';
import type { UsedProof } from '../provenance/used-proof.js';
import type { CredentialUses } from '../registry/credential-uses.js';
import type { IdentityKeys } from '../registry/identity-keys.js';
import type { Serving } from './serving.js';

/** The planner of a bundle is one for as long as the bundle is served, so that its bounds hold for all that ask it. */
const plannerOf = memo(({ tasks, root }: Pick<ServedBundle, 'tasks' | 'root'>): Planner | undefined =>
  tasks?.planner === undefined ? undefined : declaredPlanner(tasks.planner, root),
);

interface TokenServiceParts {
  readonly serving: Serving;
  readonly credentials: Credentials;
  readonly keys: SigningKeys;
  /** The proofs that the record has. */
  readonly usedProofs: Iterable<Pick<UsedProof, 'key' | 'until'>>;
  readonly tasks: TaskStore;
  readonly identityKeys: IdentityKeys;
  readonly ids: Ids;
  readonly hashPrompt: (prompt: string) => string;
  /** Whether another service issues the tokens of the deployment. */
  readonly isFollower: boolean;
  readonly onCredential: CredentialUses['used'];
  readonly publicUrl: () => string;
  readonly admin: ChangeParts;
}

/** The token service: the parts that the API uses, and those that the gateway uses too. */
export interface TokenService extends TokenParts {
  readonly exchange: TokenExchange;
  readonly tokens: TransactionTokens;
  readonly verifier: TokenVerifier;
}

/** Puts the token service together. Its settings are read from the served bundle at each use: they can change. */
export function tokenService({
  serving,
  credentials,
  keys,
  usedProofs,
  tasks,
  identityKeys,
  ids,
  publicUrl,
  admin,
  hashPrompt,
  isFollower,
  onCredential,
}: TokenServiceParts): TokenService {
  const { clock } = admin;
  const settings = () => serving.active.bundle.settings.tokens;
  const domain = (): TokenDomain | undefined => {
    const { trustDomain } = settings() ?? {};
    return trustDomain === undefined ? undefined : { issuer: publicUrl().replace(/\/$/, ''), trustDomain };
  };
  // Without a trust domain no token can be for this service.
  const tokens = new TransactionTokens(keys, () => domain() ?? { issuer: '', trustDomain: '' }, clock);
  const limits = (): TokenLimits => ({
    lifetime: secondsOf(settings()?.lifetime ?? '5m'),
    maxDepth: settings()?.maxDepth ?? 0,
  });
  const decider = (): Decider => serving.decider;
  const keyOf = (thumbprint: string): OwnedKey | undefined => identityKeys.find(thumbprint);
  const chains = new TokenChains(tokens, keyOf, () => decider().plane.usualMandate, clock);
  const proofs = new DpopProofs(clock, usedProofs);
  const onKey = (credential: string, identity: EntityUid): void =>
    onCredential({ credential, kind: 'public_key', identity, through: 'proof' }, clock());
  const verifier = new TokenVerifier({ chains, proofs, decider, limits, sharesProofs: isFollower, onKey });
  const prover = new Prover({
    credentials,
    accessTokens: () => serving.active.callers.tokens,
    issuers: () => serving.active.bundle.settings.issuers,
    svids: () => serving.active.svids,
    trustDomains: () => serving.active.bundle.settings.spiffe,
    clock,
    onCredential,
  });
  const idJags = new IdJags({
    accessTokens: () => serving.active.callers.tokens,
    issuers: () => serving.active.bundle.settings.issuers,
    target: () => {
      const ours = domain();
      if (ours === undefined) return undefined;
      const { resource } = serving.active.bundle.settings.gateway;
      const { issuer, trustDomain } = ours;
      return { issuer, resources: [issuer, trustDomain, ...(resource === undefined ? [] : [resource])] };
    },
    once: proofs,
    clock,
    onCredential,
  });
  const exchange = new TokenExchange({
    decider,
    idJags,
    read: (text) => verifier.read(text),
    prover,
    limits,
    clock,
    nextTransaction: (now) => ids.next(now) as Txn,
    ownerOf: (thumbprint) => keyOf(thumbprint)?.owner,
    hashPrompt,
    planner: () => plannerOf(serving.active.bundle),
  });
  const issuer = new TokenIssuer({
    exchange,
    tokens,
    tasks,
    record: (by, what, detail, used) => recordProvedChange(admin, { enforcementPoint: by }, what, detail, used),
  });
  const propose = exchange.propose.bind(exchange);
  return { exchange, propose, issuer, tokens, verifier, proofs, keys, domain, admin, isFollower };
}
