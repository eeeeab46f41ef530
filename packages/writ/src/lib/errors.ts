import { WritError } from '@writ/sdk/lib/errors';
import { messageOf } from '@writ/sdk/lib/message-of';

export { WritError };

/**
 * Something failed to close, or did not close in time. The rest is closed.
 *
 * @fix Read the log of the service; the next start recovers.
 */
export class CloseError extends WritError {
  readonly code = 'close_failed';

  /** @param errors one for each closer that failed, in the order in which they ran */
  constructor(readonly errors: readonly unknown[]) {
    super(`not everything could be closed: ${errors.map(messageOf).join('; ')}`, undefined, { cause: errors[0] });
  }
}

/**
 * A setting names a variable that the environment does not have.
 *
 * @fix Set the variable before the start.
 */
export class EnvironmentError extends WritError {
  readonly code = 'environment_incomplete';
}

/**
 * A certificate cannot be read, or its key is another one.
 *
 * @fix Check the files of --tls-cert and --tls-key, or of `tls` of a service for HTTP, and that the service may read them.
 */
export class CertificateError extends WritError {
  readonly code = 'certificate_unusable';
}

/**
 * A task for another process did not finish: it was past its deadline or its memory, it failed, or it had no turn.
 *
 * @fix Make the text smaller, or try again when less is waiting.
 */
export class WorkerError extends WritError {
  readonly code = 'worker_failed';

  constructor(
    /** `ended` by the system is mostly for memory; `task` is an error of the task itself. */
    readonly reason: 'deadline' | 'ended' | 'queue' | 'task' | 'closed',
    message: string,
  ) {
    super(message);
  }
}

/**
 * A file is not text in UTF-8.
 *
 * @fix Save the file as UTF-8; PowerShell needs `-Encoding utf8`.
 */
export class TextError extends WritError {
  readonly code = 'text_not_utf8';
}
