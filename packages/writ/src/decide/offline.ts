import { READ_HERE } from '../ledger/flow/answer-reader.js';
import { HeldApprovals } from '../registry/approvals.js';
import type { DeciderParts } from './decide.js';
import { ENFORCING } from './observing.js';

/** The parts for checks that only a running service has. */
type ServiceParts = Pick<
  DeciderParts,
  | 'revocations'
  | 'grants'
  | 'approvals'
  | 'identities'
  | 'revisions'
  | 'staleness'
  | 'bind'
  | 'hashPrompt'
  | 'isFollower'
  | 'recorded'
  | 'reader'
  | 'unread'
  | 'observing'
>;

const NOTHING_REVOKED: DeciderParts['revocations'] = { against: () => undefined, onRevocation: () => () => undefined };
const NO_GRANTS: DeciderParts['grants'] = { isEmpty: true, of: () => [] };
const NO_APPROVALS: DeciderParts['approvals'] = new HeldApprovals([]);
const NO_IDENTITIES: DeciderParts['identities'] = { isEmpty: true, find: () => undefined };
const FIRST_REVISION: DeciderParts['revisions'] = { revision: 0, reaches: async () => false };
const NEVER_STALE: DeciderParts['staleness'] = () => undefined;
const BOUND_TO_NOTHING: DeciderParts['bind'] = () => '';
const NO_PROMPT_MATCHES: DeciderParts['hashPrompt'] = () => undefined;
const NOTHING_RECORDED: DeciderParts['recorded'] = async () => undefined;

/**
 * The parts of a decider without a service around it (`writ check`, `writ test`, `writ bundle decide`, replay, the self-test):
 * nothing is revoked, granted, approved or registered. A service passes its own, each of which is required.
 */
export const OFFLINE: ServiceParts = {
  revocations: NOTHING_REVOKED,
  grants: NO_GRANTS,
  approvals: NO_APPROVALS,
  identities: NO_IDENTITIES,
  revisions: FIRST_REVISION,
  staleness: NEVER_STALE,
  bind: BOUND_TO_NOTHING,
  hashPrompt: NO_PROMPT_MATCHES,
  recorded: NOTHING_RECORDED,
  isFollower: false,
  reader: READ_HERE,
  unread: () => undefined,
  observing: ENFORCING,
};
