import type { JustificationNeeded, MappingError, PermitOverError } from '@writ/enforce';
import type { DefinitionError } from '@writ/enforce/http';
import type { CallError, NotPermittedError, WithheldError } from '@writ/sdk';
import type { DecisionPointError } from '@writ/sdk/client';
import type { ObligationError } from '@writ/sdk/obligations';
import type { AccessRequestError, ApproverError, DeliveryError, TooManyRequests } from '../access/errors.js';
import type { RecordError, RecordTakenOverError, StateError } from '../audit/errors.js';
import type { ExportError } from '../audit/export/errors.js';
import type { LogProofError, NoteError } from '../audit/tlog/errors.js';
import type { BundleError, BundleOverrun, LastGoodError } from '../bundle/errors.js';
import type {
  ObservationError,
  OutcomeContradicts,
  OutcomeNotAwaited,
  OutcomeUnlearned,
  SearchPlaceLost,
  SelfTestError,
} from '../decide/errors.js';
import type {
  EnvoyInTheClearError,
  GatewayInTheClearError,
  ProxyInTheClearError,
  UpstreamError,
} from '../enforce/errors.js';
import type { AccumulatorError, LedgerError, ToolDescriptionError } from '../ledger/errors.js';
import type { CertificateError, CloseError, EnvironmentError, TextError, WorkerError } from '../lib/errors.js';
import type { CatalogueError } from '../programs/errors.js';
import type {
  BroughtKeyError,
  CallerKeyError,
  CredentialError,
  ExchangeError,
  IdentityMappingError,
  IssuerUnreachableError,
  TokenError,
} from '../provenance/errors.js';
import type {
  EntityError,
  FetchError,
  KeyRegistrationError,
  TooManyRevocationsError,
  UnsavedRevocationError,
} from '../registry/errors.js';
import type { SetError, StreamError } from '../signals/errors.js';
import type { BackupError, NewerStoreError, StoreError, StoreKeyError } from '../store/errors.js';
import type {
  AccessFlagsError,
  ClientConfigError,
  GrantError,
  IdentityError,
  ImportError,
  InitError,
  ServiceError,
  TestError,
  ToolListError,
  TraceError,
  UsageError,
} from './errors.js';

/** Every error that Writ raises on purpose: a switch on `code` narrows to its class. docs/errors.md lists the codes. */
export type AnyWritError =
  | AccessFlagsError
  | AccessRequestError
  | AccumulatorError
  | ApproverError
  | BackupError
  | BroughtKeyError
  | CallError
  | BundleError
  | BundleOverrun
  | CallerKeyError
  | CatalogueError
  | CertificateError
  | ClientConfigError
  | CloseError
  | CredentialError
  | DecisionPointError
  | DefinitionError
  | DeliveryError
  | EntityError
  | EnvironmentError
  | ExchangeError
  | ExportError
  | FetchError
  | EnvoyInTheClearError
  | GatewayInTheClearError
  | ProxyInTheClearError
  | GrantError
  | IdentityError
  | IdentityMappingError
  | ImportError
  | InitError
  | IssuerUnreachableError
  | JustificationNeeded
  | KeyRegistrationError
  | LastGoodError
  | LedgerError
  | LogProofError
  | MappingError
  | NewerStoreError
  | NotPermittedError
  | NoteError
  | ObligationError
  | ObservationError
  | RecordError
  | OutcomeContradicts
  | OutcomeNotAwaited
  | OutcomeUnlearned
  | PermitOverError
  | RecordTakenOverError
  | SearchPlaceLost
  | SelfTestError
  | ServiceError
  | SetError
  | StateError
  | StoreError
  | StoreKeyError
  | StreamError
  | TestError
  | TextError
  | TokenError
  | TooManyRequests
  | TooManyRevocationsError
  | ToolDescriptionError
  | ToolListError
  | TraceError
  | UnsavedRevocationError
  | UpstreamError
  | UsageError
  | WithheldError
  | WorkerError;
