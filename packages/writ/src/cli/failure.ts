import { CommanderError } from 'commander';
import { WritError } from '../lib/errors.js';
import type { AnyWritError } from './any-error.js';
import { EXIT, type ExitCode } from './exit.js';
import { printError } from './output.js';

/** Exit codes of errors that are not wrong use. */
const EXIT_CODES: Readonly<Record<string, ExitCode>> = { bundle_invalid: EXIT.failed } satisfies {
  [code in AnyWritError['code']]?: ExitCode;
};

/** Prints why a verb failed, and returns its exit code. @throws the error itself, if it is a fault of Writ */
export function reportFailure(error: unknown): ExitCode {
  // Commander has printed its own errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof WritError || isCedarError(error)) {
    printError(error.message, error.help);
    return (error instanceof WritError && EXIT_CODES[error.code]) || EXIT.usage;
  }
  if (!(error instanceof Error && 'code' in error)) throw error;
  const isPortTaken = error.code === 'EADDRINUSE';
  printError(systemErrorText(error), isPortTaken ? 'choose another port with --port or --gateway-port' : undefined);
  return EXIT.usage;
}

/** By its name: its class would load the engine, for every verb. */
function isCedarError(error: unknown): error is Error & { readonly help?: string } {
  return error instanceof Error && error.name === 'CedarError';
}

/** Returns the message of an error of the system, in our words where they are clearer. */
function systemErrorText(error: Error): string {
  const { code, path, syscall = '', message } = error as NodeJS.ErrnoException;
  if (path === undefined) return code === 'EISDIR' ? 'a folder was given instead of a file' : message;
  const what = syscall.startsWith('spawn') ? 'command' : syscall === 'scandir' ? 'folder' : 'file';
  if (code === 'ENOENT') return `there is no ${what} ${path}`;
  if (code === 'ENOTDIR') return `${path} is not a folder`;
  if (code === 'EISDIR') return `${path} is a folder, not a file`;
  if (code === 'EACCES' || code === 'EPERM') return `${path}: permission denied`;
  return message;
}
