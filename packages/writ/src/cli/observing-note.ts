import pc from 'picocolors';
import { printNote } from './output.js';

let isNoted = false;

/** Says, once for a command, that the service observes. */
export function noteObserving(headers: Headers): void {
  const text = headers.get('x-writ-observing');
  if (text === null || isNoted) return;
  isNoted = true;
  printNote(pc.yellow(observingText(new Date(text))));
}

/** Returns what is said of a service that observes, with the time of day of this machine. */
export function observingText(until: Date): string {
  const day = until.toDateString() === new Date().toDateString() ? '' : ` ${until.toDateString()}`;
  const time = until.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return `observing until ${time}${day}: nothing is stopped at the gateway`;
}
