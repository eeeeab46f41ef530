import { type Logger, pino } from 'pino';
import { CREDENTIALS } from '../lib/known-credentials.js';

/**
 * Returns the logger of the process: one JSON object a line, to standard error. Fields that could hold a credential are never
 * passed to it, and are removed if they are; so are the configured credentials, wherever a line has them.
 *
 * @param level of pino
 */
export function processLogger(level = 'info'): Logger {
  const secrets = ['authorization', 'cookie', 'key', 'token', 'password', 'secret'];
  const paths = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.headers.${name}`]);
  const hooks = { streamWrite: (line: string) => CREDENTIALS.strike(line) };
  // A person reads it too: a level is a word, and a time has the form of the record.
  const readable = {
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const options = { level, base: { name: 'writ' }, redact: { paths, censor: '[redacted]' }, hooks, ...readable };
  return pino(options, pino.destination(2));
}
