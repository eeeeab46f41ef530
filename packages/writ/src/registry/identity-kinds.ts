export const IDENTITY_KINDS = [
  'service_account',
  'workload',
  'agent',
  'api_key',
  'ci_job',
  'mcp_client',
  'user',
] as const;
export type IdentityKind = (typeof IDENTITY_KINDS)[number];

/** The states that an administrator sets. `dormant` is computed from sightings. */
export const SET_STATES = ['active', 'suspended', 'retired'] as const;
export type SetState = (typeof SET_STATES)[number];

/** The problems that an identity can have. */
export const IDENTITY_FLAGS = [
  'unregistered',
  'ownerless',
  'dormant',
  'over-age-credential',
  'shared-credential',
  'revoked',
] as const;
export type IdentityFlag = (typeof IDENTITY_FLAGS)[number];
