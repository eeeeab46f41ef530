import { hostname } from 'node:os';
import type { ExportedEntry } from './sink.js';

/** Facility 13, log audit (RFC 5424, section 6.2.1). */
const FACILITY = 13;
const SEVERITY = { informational: 6, notice: 5, warning: 4 } as const;

/** Returns a message of RFC 5424 on one line; its structured data names the record, so that nobody has to read the rest to find it. */
export function syslogMessage({ entry, index, origin }: ExportedEntry, text: string): string {
  const result = entry.kind === 'decision' ? entry.result : undefined;
  const severity =
    result === 'deny'
      ? SEVERITY.warning
      : result === 'step_up' || result === 'defer'
        ? SEVERITY.notice
        : SEVERITY.informational;
  const data = Object.entries({
    id: entry.id,
    kind: entry.kind,
    log: origin,
    index: String(index),
    ...(result && { result }),
  });
  // Private enterprise numbers are from IANA; 32473 is the one for examples (RFC 5612), until we have one.
  const structured = `[writ@32473 ${data.map(([name, value]) => `${name}="${value.replace(/["\\\]]/g, '\\$&')}"`).join(' ')}]`;
  return `<${FACILITY * 8 + severity}>1 ${entry.time || '-'} ${hostname() || '-'} writ ${process.pid} ${entry.kind} ${structured} ${text}`;
}
