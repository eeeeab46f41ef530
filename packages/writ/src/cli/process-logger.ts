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
  return pino({ level, base: { name: 'writ' }, redact: { paths, censor: '[redacted]' }, hooks }, pino.destination(2));
}
