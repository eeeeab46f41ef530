import type { IdentityMapping } from '../provenance/identity-claims.js';
import type { SignalMapping } from './effects.js';

/** The parts of a subject that can stand for an identity. */
type SubjectPart = Parameters<SignalMapping['identityOf']>[0];

/** A transmitter whose events are received (OpenID SSF 1.0). Texts can have `${env:NAME}`; times are durations. */
export interface StreamDeclaration {
  readonly issuer: string;
  readonly audience: string;
  /** The address of its keys; by default that in its configuration. */
  readonly jwks?: string | undefined;
  readonly algorithms: readonly string[];
  readonly delivery: 'push' | 'poll';
  /** The `Authorization` header that it is asked with, and the one that it has to push with. */
  readonly authorization?: string | undefined;
  readonly pushAuthorization?: string | undefined;
  /** The address from which its events are fetched, if its stream does not say. */
  readonly endpoint?: string | undefined;
  /** Whether the stream is made and verified through its API. */
  readonly manage: boolean;
  /** Between two polls, and two verifications. */
  readonly every: string;
  readonly verifyEvery: string;
  /** How long it may be silent before nothing of high risk is permitted. */
  readonly maxAge?: string | undefined;
  readonly identities: { readonly [part in SubjectPart]?: IdentityMapping | undefined };
  readonly attributes: SignalMapping['attributes'];
}

/** A receiver of our events. */
interface ReceiverDeclaration {
  readonly audience: string;
  /** The address that events are sent to; undefined for a receiver that fetches them. */
  readonly push?: { readonly url: string; readonly authorization?: string | undefined } | undefined;
  /** The caller that may fetch them. */
  readonly caller?: string | undefined;
}

/** The transmitters and receivers of a deployment, by name. */
export interface DeclaredSignals {
  readonly receive: Readonly<Record<string, StreamDeclaration>>;
  readonly transmit: Readonly<Record<string, ReceiverDeclaration>>;
}
