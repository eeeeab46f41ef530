import { millisecondsOf } from '../lib/duration.js';

export interface HoldSettings {
  /** `wait`: a call that needs an approval waits. `reference`: it is denied with a reference, and can be made again. */
  readonly stepUp: 'wait' | 'reference';
  /** How long a call waits for its approval, in milliseconds. */
  readonly waitMs: number;
  /** Whether the user has to give a reason first, where they can be asked. */
  readonly justify: boolean;
  /** How long a call waits for a fact, in milliseconds; and the most calls of one task that wait at once. */
  readonly deferMs: number;
  readonly deferred: number;
}

/** The settings as a bundle has them: times are texts such as `30s`. */
type HoldTexts = Omit<HoldSettings, 'waitMs' | 'deferMs'> & { readonly wait: string; readonly defer: string };

/** Returns the settings of a bundle, with times in milliseconds. */
export function holdSettings({ stepUp, wait, justify, defer, deferred }: HoldTexts): HoldSettings {
  return { stepUp, waitMs: millisecondsOf(wait), justify, deferMs: millisecondsOf(defer), deferred };
}
