/**
 * Every error that Writ raises on purpose. `code` is stable and meant for programs; the message says what is wrong and
 * where; `help` says what to do.
 */
export abstract class WritError extends Error {
  abstract readonly code: string;

  constructor(
    message: string,
    readonly help?: string | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}
