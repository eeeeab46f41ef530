/** A remark on a bundle, with its place in a file. Lines and columns count from 1. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Stable name of the rule, as `ledger/unread-accumulator`. */
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly help?: string | undefined;
}

/** Returns a finding as one line. */
export function findingText({ severity, code, file, line, column, message, help }: Finding): string {
  return `${file}:${line}:${column}: ${severity}: ${message}${help === undefined ? '' : ` (${help})`} [${code}]`;
}
