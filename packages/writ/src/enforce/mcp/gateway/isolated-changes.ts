import { createRequire } from 'node:module';
import type { Obligation } from '@writ/sdk/authzen';
import { type ChangeResult, ObligationError } from '@writ/sdk/obligations';
import { ChildPool } from '../../../lib/child-pool.js';
import { WorkerError } from '../../../lib/errors.js';
import { isWithin } from '../../../lib/value-size.js';
import { changeHere } from './answer-changes.js';

/** A result with the obligations on it. */
export interface ChangeTask {
  readonly result: unknown;
  readonly obligations: readonly Obligation[];
}

const LIMITS = { size: 1, queue: 64, waitMs: 10_000, cpuMs: 2_000, deadlineMs: 10_000, memoryMib: 256 };

/** The largest result that is changed on the deciding thread. */
const QUICK = { values: 128, characters: 2_048 };
const QUICK_CLASSES: ReadonlySet<unknown> = new Set([undefined, 'email', 'iban', 'card']);

/** Returns whether an obligation takes linear time on a small result: its path does not search, and its class is found fast. */
function isQuick({ properties: { path = '$', class: wanted } }: Obligation): boolean {
  return QUICK_CLASSES.has(wanted) && /^\$?\w*(?:\.\w+|\[(?:[0-9]+|\*)\])*$/.test(String(path));
}

/** Changes results in a process of its own: paths and detectors over the answer of a stranger take any time. */
export class IsolatedChanges {
  private readonly pool = new ChildPool(createRequire(import.meta.url).resolve('#change-worker'), LIMITS);

  /** Starts a process ahead of the first result. */
  warm(): void {
    this.pool.warm();
  }

  /** @throws {ObligationError} if the obligations cannot be carried out within bounds */
  readonly change: ChangeResult = async (result, obligations) => {
    if (isWithin(result, QUICK) && obligations.every(isQuick)) return changeHere(result, obligations);
    try {
      return await this.pool.run({ result, obligations } satisfies ChangeTask);
    } catch (error) {
      if (!(error instanceof WorkerError)) throw error;
      throw new ObligationError(
        error.reason === 'task' ? error.message : `it took too long to change: ${error.message}`,
      );
    }
  };

  close(): Promise<void> {
    return this.pool.close();
  }
}
