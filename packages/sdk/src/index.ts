export { TokenRefusedError } from './errors.js';
export { ProofKey } from './proof.js';
export {
  type BeginOptions,
  type Credential,
  TokenClient,
  type TokenClientOptions,
  type TransactionToken,
} from './tokens.js';
