import type { IncomingHttpHeaders } from 'node:http';
import type { CanonicalRequest } from '../request/body.js';

/** The end of a permitted request, as its face saw it. */
export interface ProxyOutcome {
  /** `unknown`: the service may have done it, and did not answer to the end. `not-executed`: it was not sent. */
  readonly result: 'completed' | 'failed' | 'unknown' | 'not-executed';
  /** The status of the answer; undefined if there was no answer. */
  readonly status: number | undefined;
}

/** An answer that was read whole. */
interface WholeAnswer {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/** A request may be forwarded. */
export interface ProxyPermit {
  readonly permitted: true;
  /** The decision that it rests on; undefined if nobody decided. */
  readonly decision?: string | undefined;
  /** Headers that the service also receives, as its credential; each replaces one of the request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Aborted when the permit no longer holds: the connection is cut. */
  readonly revoked?: AbortSignal | undefined;
  /** The request as obligations changed it; by default the one that was decided on. */
  readonly request?: CanonicalRequest | undefined;
  /** Whether nothing of an answer may be handed on that was not read. */
  readonly mustRead?: boolean | undefined;
  /**
   * Receives an answer that was read whole, before anything of it is handed on.
   *
   * @returns the body to hand on; undefined if nothing of the answer may be
   */
  readonly accept?: ((answer: WholeAnswer) => Promise<Uint8Array | undefined>) | undefined;
  /** Receives the end of the request, exactly once. */
  done(outcome: ProxyOutcome): void;
}

/** A request is not forwarded. */
export interface ProxyDenial {
  readonly permitted: false;
  /** 407 for a tunnel alone. */
  readonly status: 401 | 403 | 407 | 429 | 503;
  /** For the caller. */
  readonly title: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Further members of the problem (RFC 9457), as a request for access. */
  readonly members?: Readonly<Record<string, unknown>> | undefined;
}

/** The facts beside a request that its decision needs: who sent it, and over which connection. */
export interface Came {
  /** As the caller sent them. */
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  /** Of the connection of the caller. */
  readonly scheme: 'http' | 'https';
  /** Stands for the connection of the caller: what was verified on it is remembered by it. */
  readonly connection: object;
  /** The address of the caller; undefined if it is not known. */
  readonly address: string | undefined;
  /** Aborted when the caller is gone. */
  readonly gone: AbortSignal;
  /** The parts that obligations can be carried out on here; by default all. A permit with an obligation on another part is a denial. */
  readonly changes?: 'all' | 'input' | 'nothing' | undefined;
}

/** Decides on a request. An exception, an answer of another form, and no answer in time are refusals. */
export type Decide = (request: CanonicalRequest, came: Came) => Promise<ProxyPermit | ProxyDenial>;
