import { messageOf } from './message-of.js';

/** The log of an enforcement point, for those who run it. Callers never see it. */
export interface Log {
  warn(message: string): void;
  /** Logs a failure with its error, so that the stack is kept. */
  error(error: unknown, message: string): void;
}

/** Returns a log of lines of text: of an error, its message. */
export function lineLog(write: (line: string) => void): Log {
  return { warn: write, error: (error, message) => write(`${message}: ${messageOf(error)}`) };
}
