/** The result of one check. */
export interface Found {
  /** `warning`: it works, and may not be meant so. `wrong`: it does not work, or is not safe. */
  readonly level: 'ok' | 'warning' | 'wrong';
  readonly what: string;
  /** The fix. */
  readonly help?: string;
}

export const ok = (what: string): Found => ({ level: 'ok', what });
export const warning = (what: string, help?: string): Found => ({
  level: 'warning',
  what,
  ...(help === undefined ? {} : { help }),
});
export const wrong = (what: string, help?: string): Found => ({
  level: 'wrong',
  what,
  ...(help === undefined ? {} : { help }),
});

/** Returns an error in one line, with the cause of a failed connection. */
export function causeOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const isFetch = error instanceof TypeError && cause instanceof Error && cause.message !== '';
  const said = isFetch ? cause : error;
  return (said instanceof Error ? said.message : String(said)).split('\n')[0] ?? '';
}
