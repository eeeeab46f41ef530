import type { Log } from '@writ/sdk/lib/log';
import type { Logger } from 'pino';

/** Returns the log of a face: each of its lines has its name. */
export function faceLog(logger: Logger, face: string): Log {
  return {
    warn: (message) => logger.warn({ face }, message),
    error: (err, message) => logger.error({ face, err }, message),
  };
}
