/** Codes of the system for a server that is gone or does not answer. */
const SYSTEM = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);
/** Classes of SQLSTATE: no connection, no resources, ended by an operator or a crash. */
const CLASSES = /^(08|53|57P)/;
/** The driver gives these errors no code. */
const MESSAGES = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection)/;

/** Returns whether a query failed because the database is gone for now, so that the same request can succeed later. */
export function isLostDatabase(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  if (typeof code === 'string') return SYSTEM.has(code) || (code.length === 5 && CLASSES.test(code));
  return MESSAGES.test(error.message) || (error instanceof AggregateError && error.errors.some(isLostDatabase));
}
