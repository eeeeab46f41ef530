import { millisecondsOf } from '../lib/duration.js';
import { UsageError } from './errors.js';

/** Returns a time from RFC 3339, or from a time from now such as `2h`. @throws {UsageError} if it is neither */
export function timeAhead(text: string): string {
  if (/^\d+[smhd]$/.test(text)) return new Date(Date.now() + millisecondsOf(text)).toISOString();
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new UsageError(`"${text}" is no time`, 'as 2026-11-24T18:00:00Z, or 2h for two hours from now');
  return time.toISOString();
}
