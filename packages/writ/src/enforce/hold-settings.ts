import type { HoldSettings } from '@writ/enforce';
import { millisecondsOf } from '../lib/duration.js';

/** The settings as a bundle has them: times are texts such as `30s`. */
type HoldTexts = Omit<HoldSettings, 'waitMs' | 'deferMs'> & { readonly wait: string; readonly defer: string };

/** Returns the settings of a bundle, with times in milliseconds. */
export function holdSettings({ stepUp, wait, justify, defer, deferred }: HoldTexts): HoldSettings {
  return { stepUp, waitMs: millisecondsOf(wait), justify, deferMs: millisecondsOf(defer), deferred };
}
