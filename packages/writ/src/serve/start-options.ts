import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { LoadLimits } from '../api/http/load.js';
import type { LogReader } from '../audit/log/log-reader.js';
import type { Decider } from '../decide/decide.js';

/** Files of a server certificate. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** The authority of client certificates; with it, callers can prove themselves by mutual TLS. */
  readonly clientCa?: string | undefined;
}

export interface StartOptions {
  /** The folder of the bundle to serve. */
  readonly bundle: string;
  /** The folder for the keys, the last good policy and, without `store`, the store; made when it is not there. */
  readonly data: string;
  /** A PostgreSQL database, as `postgres://user:password@host/name`; SQLite in the data folder when it is not given. */
  readonly store?: string | undefined;
  /** Whether another service keeps the ledger on that database; this one decides what needs none. */
  readonly follow?: boolean | undefined;
  /** The name of a log that has none yet. */
  readonly logOrigin?: string | undefined;
  /** Whether the log is signed with a new key from now on, because the old one is lost. */
  readonly newLogKey?: boolean | undefined;
  /** The service's port; 0 for any free one. */
  readonly port: number;
  /** The gateway's port on loopback; 0 for any free one. */
  readonly gatewayPort: number;
  /** The address that the service listens on; loopback when it is not given. */
  readonly host?: string | undefined;
  /** Where callers reach the service, when that is not where it listens: behind a proxy, or under a name. */
  readonly publicUrl?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  readonly limits?: Partial<LoadLimits>;
  /** Runs when the data folder is ours and before the gateway's servers start. */
  readonly prepare?: () => void;
  readonly logger?: Logger;
  readonly tracer?: Tracer | undefined;
  readonly clock?: () => Date;
}

/** A running service, with its gateway when the bundle has servers to put it in front of. */
export interface Writ {
  readonly serviceUrl: string;
  readonly gatewayUrl: string | undefined;
  /** The file with the key of the default enforcement point. */
  readonly keyFile: string;
  readonly decider: Decider;
  readonly records: LogReader;
  /** Where the key of a caller or of a gateway client is. */
  keyFileOf(name: string): string;
  /** Reads the bundle again. @throws {BundleError} when it cannot be used; the last good one goes on */
  reload(): Promise<void>;
  close(): Promise<void>;
}
