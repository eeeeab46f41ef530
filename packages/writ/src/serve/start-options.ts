import type { Tracer } from '@opentelemetry/api';
import type { Decision, OutcomeStatus } from '@writ/sdk/authzen';
import type { Logger } from 'pino';
import type { DeclaredCaller } from '../api/http/callers.js';
import type { LoadLimits } from '../api/http/load.js';
import type { LogReader } from '../audit/log/log-reader.js';
import type { ReadingLimits } from '../bundle/apart/reader.js';
import type { Decider } from '../decide/decide.js';
import type { Clock } from '../lib/clock.js';
import type { WritError } from '../lib/errors.js';
import type { TlsFiles } from '../lib/server-certificate.js';
import type { EnvoyOptions } from './envoy-place.js';

export interface StartOptions {
  /** The folder of the bundle to serve. */
  readonly bundle: string;
  /** The environment whose `writ.NAME.yaml` changes the bundle; undefined for the bundle without changes. */
  readonly environment?: string | undefined;
  /** The folder for the keys, the last good policy and, without `store`, the store. It is made if it does not exist. */
  readonly data: string;
  /** A PostgreSQL database, as `postgres://user:password@host/name`. By default SQLite in the data folder. */
  readonly store?: string | undefined;
  /**
   * The source of the key that the secrets of the store are wrapped with: `file:PATH`, `env:NAME` or `command:PROGRAM ARGUMENT…`.
   * By default `keys/store.key` in the data folder.
   */
  readonly storeKey?: string | undefined;
  /** Whether a new key takes the place of that one, because others may have the old one. */
  readonly newStoreKey?: boolean | undefined;
  /** Whether another service keeps the ledger on that database. This one makes the decisions that need no ledger. */
  readonly follow?: boolean | undefined;
  /** The name of the log, if it has none yet. */
  readonly logOrigin?: string | undefined;
  /** Whether the log is signed with a new key, because the old one is lost. */
  readonly newLogKey?: boolean | undefined;
  /** Why a store is accepted that is not as the service left it; the record says so. By default it is refused. */
  readonly acceptState?: string | undefined;
  /**
   * For how many milliseconds the first start of a data folder observes: calls through the gateway are decided and recorded, and none is
   * stopped. A later start with it continues that time and does not extend it; a folder that has enforced refuses it.
   */
  readonly observeMs?: number | undefined;
  /** Whether a folder that has enforced is started all the same, and enforces. */
  readonly isObservingOptional?: boolean | undefined;
  /** A signed checkpoint that was kept outside of the data folder: a log that does not continue it is refused. */
  readonly expected?: Buffer | undefined;
  /** The service's port; 0 for any free one. */
  readonly port: number;
  /** The gateway's port; 0 for any free one. */
  readonly gatewayPort: number;
  /** The port of the proxy for HTTP; any free one by default. */
  readonly httpPort?: number | undefined;
  /** The port of the check endpoint; any free one by default. It listens where the proxy for HTTP does. */
  readonly checkPort?: number | undefined;
  /** The address that the proxy for HTTP listens on; loopback by default. */
  readonly httpHost?: string | undefined;
  /** The certificate of the proxy for HTTP, and the authority of the client certificates of its callers. */
  readonly httpTls?: TlsFiles | undefined;
  /** The place at which Envoy asks; undefined if it does not ask. */
  readonly envoy?: EnvoyOptions | undefined;
  /** The address that the gateway listens on; loopback by default. */
  readonly gatewayHost?: string | undefined;
  /** The certificate of the gateway; by default that of the service, if `gatewayHost` is given. */
  readonly gatewayTls?: Omit<TlsFiles, 'clientCa'> | undefined;
  /** The address that the service listens on; loopback by default. */
  readonly host?: string | undefined;
  /** The URL by which callers reach the service, behind a proxy or under a name. By default the one that it listens on. */
  readonly publicUrl?: string | undefined;
  /** More names under which callers reach service and gateway; addresses and local names need not be there. */
  readonly hostNames?: readonly string[] | undefined;
  readonly tls?: TlsFiles | undefined;
  /**
   * Callers of the program that starts the service, as `callers` of writ.yaml; a bundle that declares one of the name has it as it says.
   * By default `default` speaks for the agent of its own name alone.
   */
  readonly callers?: Readonly<Record<string, DeclaredCaller>> | undefined;
  readonly limits?: Partial<LoadLimits>;
  /** The time and memory for reading, checking and compiling a bundle. */
  readonly reading?: Partial<ReadingLimits>;
  /** Runs when the data folder is locked, before anything in it is opened. */
  readonly prepare?: () => void;
  /** Gives the start up when it is aborted. From then on servers of the gateway that end are no warning. */
  readonly stop?: AbortSignal | undefined;
  readonly logger?: Logger;
  readonly tracer?: Tracer | undefined;
  /** By default that of the machine, while it is right (lib/guarded-clock.ts). */
  readonly clock?: Clock;
}

/** A decision on the record. */
interface FoundDecision {
  readonly decision: Decision;
  /** The outcome of the action; undefined until it is reported. */
  readonly outcome: OutcomeStatus | undefined;
}

/** A running service, with its gateway if the bundle has servers to put it in front of. */
export interface Writ {
  readonly serviceUrl: string;
  readonly gatewayUrl: string | undefined;
  /** The URL of the proxy for HTTP; undefined while the bundle that is served has no services for it. */
  readonly httpUrl: string | undefined;
  /** The address of the services for Envoy; undefined if they are not asked for. */
  readonly envoyAddress: string | undefined;
  /** The URL at which other proxies ask about requests; undefined if the bundle has no fronts. */
  readonly checkUrl: string | undefined;
  /** The file with the key of the default enforcement point. */
  readonly keyFile: string;
  /** Returns the file with the key of a caller or of a gateway client. */
  keyFileOf(name: string): string;
  /** Finds a decision on the record; undefined if it is not found. */
  findDecision(id: string): Promise<FoundDecision | undefined>;
  /** Reads the bundle again and serves it. @throws {BundleError} if it cannot be used; the last good one stays in use */
  reload(): Promise<void>;
  /** Until when calls through the gateway are recorded and not stopped; undefined if the rules hold. */
  readonly observingUntil: Date | undefined;
  /** Why it does not observe although the start asked for it. */
  readonly notObserving: string | undefined;
  /** Resolves when the service cannot continue: another has taken the record over. It decides nothing any more. */
  readonly gone: Promise<WritError>;
  /** Stops everything. @throws {WritError} when some of it failed to close; the rest is closed all the same */
  close(): Promise<void>;
}

/** A running service as this package's own tests and benches see it. */
export interface RunningService extends Writ {
  readonly decider: Decider;
  readonly records: LogReader;
}
