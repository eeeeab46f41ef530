export { TokenRefusedError } from './errors.js';
export { handOnOffline, type LinkOptions } from './links.js';
export { type Call, ProofKey } from './proof.js';
export {
  type BeginOptions,
  type Credential,
  type Grant,
  type HandOnOptions,
  TokenClient,
  type TokenClientOptions,
  type TransactionToken,
} from './tokens.js';
