/** Where in a text something is wrong. `offset` counts UTF-16 units from 0; `line` and `column` count from 1. */
export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/**
 * What kind of input was refused.
 *
 * - `json`: text that is not JSON, or JSON that two parsers could read differently
 * - `policy`: a policy or template that does not parse, or cannot be linked
 * - `schema`: a schema that does not parse
 * - `entities`: entity data that is malformed, cyclic, or does not fit the schema
 * - `request`: a request that is malformed or does not fit the schema
 */
export type CedarErrorCode = 'json' | 'policy' | 'schema' | 'entities' | 'request';

export interface CedarErrorDetails {
  /** Where in the text, when the input was text. */
  readonly position?: Position | undefined;
  /** Where in the data, as `$.attrs.owner`, when the input was data. */
  readonly path?: string | undefined;
  /** The id of the policy concerned. */
  readonly policyId?: string | undefined;
  /** What to do about it. */
  readonly help?: string | undefined;
}

/**
 * The one error class of this package: malformed input, never a denied request.
 *
 * @example
 * try { compile({ policies: 'permit(' }) }
 * catch (e) { if (e instanceof CedarError && e.code === 'policy') console.error(e.message, e.position, e.help) }
 */
export class CedarError extends Error {
  override readonly name = 'CedarError';
  readonly code: CedarErrorCode;
  readonly position: Position | undefined;
  readonly path: string | undefined;
  readonly policyId: string | undefined;
  readonly help: string | undefined;

  constructor(code: CedarErrorCode, message: string, details: CedarErrorDetails = {}) {
    super(message);
    this.code = code;
    this.position = details.position;
    this.path = details.path;
    this.policyId = details.policyId;
    this.help = details.help;
  }
}

/** The position of an offset in a text. */
export function positionAt(text: string, offset: number): Position {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  return { offset, line, column: offset - lineStart + 1 };
}
