/** Something to say about a bundle, with the place in the file. Lines and columns count from 1. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly help?: string | undefined;
}

export function findingText({ severity, file, line, column, message, help }: Finding): string {
  return `${file}:${line}:${column}: ${severity}: ${message}${help === undefined ? '' : ` (${help})`}`;
}
