import { WritError } from '../lib/errors.js';

/**
 * The options of `request`, `approve` or `deny` contradict each other, or there is nothing to ask for.
 *
 * @fix Change the options as the message says.
 */
export class AccessFlagsError extends WritError {
  readonly code = 'access_flags';
}

/**
 * The configuration of an MCP client cannot be read or changed. It is left as it is.
 *
 * @fix Mend the file at the place in the message.
 */
export class ClientConfigError extends WritError {
  readonly code = 'client_config_invalid';
}

/**
 * The options of `writ identity grant add` contradict each other, or a time is invalid.
 *
 * @fix Give one end, as 8h or 2026-11-24T18:00:00Z.
 */
export class GrantError extends WritError {
  readonly code = 'grant_invalid';
}

/**
 * An argument is not an identity.
 *
 * @fix Write it as `Type::"id"`, for example `Agent::"planner"`.
 */
export class IdentityError extends WritError {
  readonly code = 'identity_invalid';
}

/**
 * A file cannot be imported. The message says where.
 *
 * @fix Mend the file, or give its columns a meaning with --map.
 */
export class ImportError extends WritError {
  readonly code = 'import_failed';
}

/**
 * A bundle cannot be drafted.
 *
 * @fix Choose another folder, or a longer time.
 */
export class InitError extends WritError {
  readonly code = 'init_invalid';
}

/**
 * A list of tools cannot be read.
 *
 * @fix Give the answer of `tools/list` with --tools, or a command after --.
 */
export class ToolListError extends WritError {
  readonly code = 'tool_list_invalid';
}

/**
 * A trace cannot be read.
 *
 * @fix Write one task a line, as JSON.
 */
export class TraceError extends WritError {
  readonly code = 'trace_invalid';
}

/**
 * A test of the bundle cannot be run as it is written.
 *
 * @fix Mend the test at the place in the message.
 */
export class TestError extends WritError {
  readonly code = 'test_invalid';
}

/**
 * The service could not be asked, or refused.
 *
 * @fix Start the service, or change --service or --key-file.
 */
export class ServiceError extends WritError {
  readonly code = 'service_refused';
}

/**
 * The arguments or options of a verb are wrong, or contradict each other.
 *
 * @fix Change the command as the message says; `writ VERB --help` lists its options.
 */
export class UsageError extends WritError {
  readonly code = 'usage';
}
