import type { HoldSettings } from '@writ/enforce';

const MAX_DEFER_MS = 30_000;

/**
 * Returns settings under which a request over HTTP is not held for a person: its denial names the request for access, and it can be sent
 * again.
 */
export function heldShortly(settings: HoldSettings): HoldSettings {
  return { ...settings, stepUp: 'reference', justify: false, deferMs: Math.min(settings.deferMs, MAX_DEFER_MS) };
}
