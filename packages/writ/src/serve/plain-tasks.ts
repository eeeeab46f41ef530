import { every } from '@writ/sdk/lib/every';
import type { Logger } from 'pino';
import { type KeptPlainTask, PlainTasks } from '../decide/plain-tasks.js';
import type { Closers } from '../lib/closers.js';
import type { Txn } from '../lib/ids.js';
import type { StartedTask, TaskStore } from '../provenance/task-store.js';
import type { Revocations } from '../registry/revocations.js';

interface PlainTasksParts {
  readonly tasks: TaskStore;
  readonly revocations: Pick<Revocations, 'ofTask'>;
  readonly nextId: (now: Date) => string;
  readonly hashPrompt: (prompt: string) => string;
  /** Whether another service keeps the tasks. */
  readonly isFollower: boolean;
  readonly clock: () => Date;
  readonly logger: Logger;
  readonly closers: Closers;
}

const SAVE_MS = 30_000;
/** No setting lets a task be unused for longer. */
const MAX_IDLE_MS = 24 * 60 * 60_000;
/** The most tasks that a start continues, the newest. */
const MAX_CONTINUED = 50_000;

/**
 * Continues the tasks without a token that a store has. The log's transaction adds a task; its last use and the end of its session are
 * stored now and then, so that after a kill a task may end half a minute early.
 */
export async function openPlainTasks(parts: PlainTasksParts): Promise<PlainTasks> {
  const { tasks, revocations, nextId, hashPrompt, isFollower, clock, logger, closers } = parts;
  const plain = new PlainTasks({
    nextId,
    hashPrompt,
    endedAt: (txn) => {
      const ended = revocations.ofTask(txn);
      return ended && new Date(ended.at);
    },
  });
  if (isFollower) return plain;
  const since = new Date(clock().getTime() - MAX_IDLE_MS);
  plain.restore((await tasks.plainSince(since, MAX_CONTINUED)).flatMap(keptOf));
  const save = async (): Promise<void> => {
    const changes = plain.takeUnsaved();
    try {
      await tasks.saveUses(changes);
    } catch (error) {
      plain.putBack(changes);
      throw error;
    }
  };
  closers.add(save);
  closers.add(every(SAVE_MS, save, (error) => logger.error({ err: error }, 'the use of tasks could not be stored')));
  return plain;
}

function keptOf({ txn, plain }: StartedTask): KeptPlainTask[] {
  if (plain === undefined) return [];
  const { stream, began, usedAt, endedAt } = plain;
  return [{ txn: txn as Txn, stream, prompt: began.prompt, usedAt, endedAt }];
}
