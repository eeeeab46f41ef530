import type { AccessRequests } from './access-requests.js';
import { type AccessTask, statusOf, type TaskStatus } from './access-task.js';
import { AccessRequestError, TooManyRequests } from './errors.js';
import type { Denial } from './submission.js';

/** A request for access as an enforcement point sees it. */
interface RequestReference {
  readonly id: string;
  readonly status: TaskStatus;
  /** Whether it was made just now. */
  readonly isNew?: boolean;
  /** Why nobody can approve it; undefined if somebody can. */
  readonly unapprovable?: string;
}

interface DeskParts {
  readonly requests: AccessRequests;
  /** Returns a denial that an approval can lift; undefined if the decision is not such a denial. */
  readonly denial: (decision: string) => Promise<Denial | undefined>;
  /** Returns why nobody can approve a denial; undefined if somebody can. */
  readonly unapprovable: (record: Denial['record']) => string | undefined;
  readonly clock: () => Date;
}

/** Asks people to lift denials, for enforcement points in this process. */
export class ApprovalDesk {
  constructor(private readonly parts: DeskParts) {}

  /** Returns the current request for the same; undefined if no such request is found. */
  async find({ id }: { readonly id: string }): Promise<RequestReference | undefined> {
    const denial = await this.parts.denial(id);
    return denial && this.findFor(denial);
  }

  /** Submits a request, or returns the one for the same that still counts. Undefined if it cannot be asked for. */
  async ask({ id }: { readonly id: string }, justification?: string): Promise<RequestReference | undefined> {
    const denial = await this.parts.denial(id);
    if (denial === undefined) return undefined;
    const why = this.parts.unapprovable(denial.record);
    const unapprovable = why === undefined ? {} : { unapprovable: why };
    const known = await this.findFor(denial);
    if (known !== undefined) return { ...known, ...unapprovable };
    try {
      const { task } = await this.parts.requests.submit({
        enforcementPoint: denial.record.enforcementPoint,
        denials: [denial],
        isBulk: false,
        requested: {},
        ...(justification === undefined ? {} : { justification }),
      });
      return { ...referenceTo(task), isNew: true, ...unapprovable };
    } catch (error) {
      // The denial then stands, as if it could not be asked for.
      if (error instanceof TooManyRequests) return undefined;
      throw error;
    }
  }

  /** Withdraws a request, because the call that it is for is waited for by nobody any more. One that was decided meanwhile stays so. */
  async withdraw(id: string, by: string): Promise<void> {
    await this.parts.requests.cancel(id, by, { reason: 'its caller hung up' }).catch((error: unknown) => {
      if (!(error instanceof AccessRequestError)) throw error;
    });
  }

  /** Waits at most `ms` milliseconds until a request is decided. @returns it as it is then */
  async settled(id: string, ms: number, signal: AbortSignal | undefined): Promise<RequestReference> {
    return referenceTo(await this.parts.requests.settled(id, ms, signal));
  }

  /** The same is asked once: while it is pending, and until the end of a request that was denied. */
  private async findFor({ record, task }: Denial): Promise<RequestReference | undefined> {
    const last = await this.parts.requests.lastFor(record, task);
    if (last === undefined) return undefined;
    const reference = referenceTo(last);
    const isRecent = last.expiresAt > this.parts.clock().toISOString();
    const counts = reference.status === 'pending' || (reference.status === 'denied' && isRecent);
    return counts ? reference : undefined;
  }
}

function referenceTo(task: AccessTask): RequestReference {
  return { id: task.id, status: statusOf(task) };
}
