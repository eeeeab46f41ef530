import { WritError } from '../lib/errors.js';

/** A request for access that is not said completely, or that there is nothing to ask for. */
export class AccessFlagsError extends WritError {
  readonly code = 'access_flags';
}

/** A configuration that cannot be read, or written. It is left as it is. */
export class ClientConfigError extends WritError {
  readonly code = 'client_config_invalid';
}

/** A grant that is not said completely. */
export class GrantError extends WritError {
  readonly code = 'grant_invalid';
}

/** What is not an identity. */
export class IdentityError extends WritError {
  readonly code = 'identity_invalid';
}

/** A file that cannot be imported: where, and what is wrong. */
export class ImportError extends WritError {
  readonly code = 'import_failed';
}

/** A bundle that cannot be drafted. */
export class InitError extends WritError {
  readonly code = 'init_invalid';
}

/** Tools that cannot be read. */
export class ToolListError extends WritError {
  readonly code = 'tool_list_invalid';
}

/** A trace that cannot be read. */
export class TraceError extends WritError {
  readonly code = 'trace_invalid';
}

/** A test that cannot be run as it is written. */
export class TestError extends WritError {
  readonly code = 'test_invalid';
}

/** The service could not be asked, or refused. */
export class ServiceError extends WritError {
  readonly code = 'service_refused';
}
