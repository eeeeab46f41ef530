import { millisecondsOf } from '../lib/duration.js';

export interface HoldSettings {
  /** `wait`: a call that has to be approved waits. `reference`: it is denied, and can be made again. */
  readonly stepUp: 'wait' | 'reference';
  /** In milliseconds. */
  readonly wait: number;
  /** Whether the user says first for what it is needed, where they can be asked. */
  readonly justify: boolean;
  /** How long a call waits for a fact, in milliseconds; and how many of a task do at once. */
  readonly defer: number;
  readonly deferred: number;
}

/** How a bundle says how long calls are held: its times are texts such as `30s`. */
type HoldTexts = Omit<HoldSettings, 'wait' | 'defer'> & { readonly wait: string; readonly defer: string };

/** Returns how long a gateway holds calls, as a bundle says it. */
export function holdSettings({ stepUp, wait, justify, defer, deferred }: HoldTexts): HoldSettings {
  return { stepUp, wait: millisecondsOf(wait), justify, defer: millisecondsOf(defer), deferred };
}
