import type { AccessRequest } from '@writ/sdk/authzen';
import type { Ledger } from '../ledger/ledger.js';
import type { Txn } from '../lib/ids.js';
import type { Mandate } from '../provenance/mandate.js';
import type { Provenance } from '../provenance/path.js';
import type { Caller } from './caller.js';
import { kindMandate } from './mandates.js';
import type { PlainTasks } from './plain-tasks.js';
import type { PolicyPlane } from './plane.js';
import type { DecisionRecord } from './record.js';

/** A request whose task is looked for. */
interface Unplaced {
  /** Undefined if the request is only considered: it then begins no task. */
  readonly id: string | undefined;
  readonly request: AccessRequest;
  readonly caller: Caller;
  readonly now: Date;
}

interface PlacingParts {
  readonly plainTasks: Pick<PlainTasks, 'of' | 'wouldContinue'>;
  readonly ledger: Pick<Ledger, 'isEmpty'>;
  readonly isFollower: boolean;
}

interface Placement {
  /** With the task of the request. */
  readonly provenance: Provenance;
  /** The prompt of a task without a token; undefined if the request brings none. */
  readonly prompt: string | undefined;
  /** The tasks that a task without a token follows; undefined if it follows none. */
  readonly before?: readonly Txn[];
  /** How the task began, if the request begins it. */
  readonly began?: NonNullable<DecisionRecord['provenance']>['began'];
}

/**
 * Places a request without a token in its task, where the bundle has something to remember. Writ's own actions are in no task.
 *
 * @returns undefined if its session has ended
 */
export function placedIn(
  { id, request, caller, now }: Unplaced,
  provenance: Provenance,
  { plainTasks, ledger, isFollower }: PlacingParts,
  plane: PolicyPlane,
): Placement | undefined {
  const hasToken = provenance.txn !== undefined && provenance.isPlain !== true;
  const remembers = !ledger.isEmpty || !plane.tools.isEmpty || plane.tasks !== undefined;
  if (hasToken || caller.isWrit === true || isFollower || !remembers) return { provenance, prompt: undefined };
  const said = request.context?.prompt;
  const prompt = typeof said === 'string' && caller.rights.prompt() ? said : undefined;
  const { enforcementPoint, kind } = caller;
  const plain = { id: id ?? '', request, provenance, enforcementPoint, prompt, idleMs: plane.idleMs, now };
  if (id === undefined) {
    const txn = plainTasks.wouldContinue(plain);
    return { provenance: inTask(provenance, txn, provenance.mandate), prompt: undefined };
  }
  const found = plainTasks.of(plain);
  if (found === undefined) return undefined;
  const { txn } = found;
  const mandate = kind === undefined ? undefined : kindMandate(plane.tasks, kind, txn);
  const { prompt: ofTask, before } = found;
  const began = found.began && { ...found.began, ...(kind === undefined ? {} : { kind }) };
  const placed = inTask(provenance, txn, mandate ?? provenance.mandate);
  return began === undefined
    ? { provenance: placed, prompt: ofTask, before }
    : { provenance: placed, prompt: ofTask, before, began };
}

function inTask(provenance: Provenance, txn: Txn | undefined, mandate: Mandate | undefined): Provenance {
  // hot: a copy that is added to has a hidden class of its own, and makes all that reads it slow.
  if (txn !== undefined && mandate === undefined && isNamed(provenance))
    return { path: provenance.path, assurance: provenance.assurance, txn, isPlain: true };
  const { txn: _ofToken, ...proved } = provenance;
  return {
    ...proved,
    ...(txn === undefined ? {} : { txn }),
    isPlain: true,
    ...(mandate === undefined ? {} : { mandate }),
  };
}

/** Returns whether a provenance says no more than the names of its identities. */
function isNamed(provenance: Provenance): boolean {
  for (const name in provenance) if (name !== 'path' && name !== 'assurance') return false;
  return true;
}
