import { WritError } from '@writ/sdk/lib/errors';

/** A mistake in the definition of a service: the place, the fact, and the fix. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly help: string;
}

/**
 * The definition of a service for HTTP cannot be used. Nothing of the service is served.
 *
 * @fix Mend `http` in writ.yaml or the OpenAPI document at the places in the message.
 */
export class DefinitionError extends WritError {
  readonly code = 'http_definition_invalid';

  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(textOf).join('\n'));
  }
}

function textOf({ file, line, column, message, help }: Problem): string {
  return `${file}:${line}:${column}: ${message}; ${help}`;
}
