import type { Attack } from './attack.js';
import { ARGUMENTS } from './attacks/arguments.js';
import { AUTHORITY } from './attacks/authority.js';
import { CLOCK_ATTACKS } from './attacks/clock.js';
import { DATABASE } from './attacks/database.js';
import { DISK } from './attacks/disk.js';
import { EXPRESSIONS } from './attacks/expressions.js';
import { LABELS } from './attacks/labels.js';
import { LEAKS } from './attacks/leaks.js';
import { OUTCOMES } from './attacks/outcomes.js';
import { READERS } from './attacks/readers.js';
import { RELOADS } from './attacks/reloads.js';
import { SECRETS } from './attacks/secrets.js';
import { SERVERS } from './attacks/servers.js';
import { STALLS } from './attacks/stalls.js';
import { STATE } from './attacks/state.js';
import { STRANGERS } from './attacks/strangers.js';
import { UNTRIED } from './attacks/untried.js';
import { WIRE } from './attacks/wire.js';

/** All attacks, in the order in which they are made: those that need no service of their own come first. */
export const ATTACKS: readonly Attack[] = [
  ...LABELS,
  ...WIRE,
  ...STALLS,
  ...AUTHORITY,
  ...OUTCOMES,
  ...STRANGERS,
  ...SECRETS,
  ...LEAKS,
  ...SERVERS,
  ...RELOADS,
  ...STATE,
  ...CLOCK_ATTACKS,
  ...DISK,
  ...DATABASE,
  ...UNTRIED,
  ...EXPRESSIONS,
  ...ARGUMENTS,
  ...READERS,
];
