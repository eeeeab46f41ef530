import { WritError } from '../errors.js';

/** A credential was presented that proves nothing here. The message says why, without repeating the credential. */
export class CredentialError extends WritError {
  readonly code = 'credential_invalid';
}

/** A credential could not be verified now: the keys of its issuer cannot be had. It is not accepted. */
export class IssuerUnreachableError extends WritError {
  readonly code = 'issuer_unreachable';
}
