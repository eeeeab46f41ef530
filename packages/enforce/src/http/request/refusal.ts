import type { SegmentCode } from './segment.js';

/** Why a request is refused before anybody decides on it, with the status of the answer. */
const STATUS_OF = {
  method_unknown: 405,
  method_not_allowed: 405,
  method_override: 400,
  version_unknown: 400,
  target_form: 400,
  target_length: 400,
  target_characters: 400,
  target_fragment: 400,
  target_backslash: 400,
  path_characters: 400,
  path_percent: 400,
  path_utf8: 400,
  path_control: 400,
  path_empty_segment: 400,
  path_dot_segment: 400,
  path_encoded_dot: 400,
  path_encoded_slash: 400,
  path_encoded_delimiter: 400,
  path_semicolon: 400,
  path_double_encoding: 400,
  path_lookalike: 400,
  path_space: 400,
  path_case: 400,
  path_unknown: 404,
  target_not_canonical: 400,
  query_characters: 400,
  query_percent: 400,
  query_utf8: 400,
  query_control: 400,
  query_semicolon: 400,
  query_double_encoding: 400,
  query_empty_pair: 400,
  query_undeclared: 400,
  parameter_repeated: 400,
  parameter_missing: 400,
  parameter_value: 400,
  header_name: 400,
  header_value: 400,
  header_repeated: 400,
  header_count: 400,
  header_unlisted: 400,
  host_missing: 400,
  host_unknown: 400,
  connection_nominates: 400,
  expectation_unknown: 400,
  upgrade_refused: 400,
  framing_length: 400,
  framing_coding: 400,
  framing_both: 400,
  trailers: 400,
  preflight_refused: 403,
  body_unexpected: 400,
  body_missing: 400,
  body_too_large: 413,
  body_values: 413,
  body_media_type: 415,
  body_charset: 415,
  body_coding: 415,
  body_range: 400,
  body_utf8: 400,
  body_json: 400,
  body_ambiguous: 400,
  body_number: 400,
  body_unseen: 400,
  front_headers: 400,
  body_batch: 400,
  operation_unknown: 404,
} as const satisfies Record<string, number> & Record<SegmentCode, number>;

export type RefusalCode = keyof typeof STATUS_OF;

/** A request that is not decided on and not forwarded. */
export interface Refusal {
  readonly ok: false;
  readonly status: 400 | 403 | 404 | 405 | 413 | 415;
  readonly code: RefusalCode;
  /** For the caller: the fact, without what the service has. */
  readonly reason: string;
  /** The methods of the path, for 405. */
  readonly allow?: readonly string[] | undefined;
}

/** Ends the reading of a request. */
class Refused extends Error {
  readonly refusal: Refusal;

  constructor(code: RefusalCode, reason: string, allow?: readonly string[]) {
    super(reason);
    this.refusal = { ok: false, status: STATUS_OF[code], code, reason, ...(allow === undefined ? {} : { allow }) };
  }
}

/** @throws {Refused} always */
export function refuse(code: RefusalCode, reason: string, allow?: readonly string[]): never {
  throw new Refused(code, reason, allow);
}

/** Returns the result of a reading, or its refusal. */
export function orRefusal<T>(read: () => T): T | Refusal {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

/** Returns all codes, for the table of the profile. */
export function refusalCodes(): readonly (readonly [code: string, status: number])[] {
  return Object.entries(STATUS_OF);
}
