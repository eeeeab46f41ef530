import { every } from '@writ/sdk/lib/every';
import type { RevisionLog } from './revision-log.js';

/** Notifies the services on one database of changes, and receives theirs. */
interface Announcements {
  /** Notifies the others of a change. Never part of a transaction. */
  announce(): void;
  /** Registers a listener for the notifications of others. */
  listen(heard: () => void): void;
  close(): Promise<void>;
}

/** The interval at which changes are polled, for notifications that are lost. */
const LOOK_MS = 100;

/**
 * Keeps what is in memory at the newest revision of the database. An announcement makes it quick; what makes it sure is to look, which
 * also proves that there is nothing new.
 *
 * @param failed receives the reason why polling failed
 * @returns a function that ends it
 */
export function followChanges(
  revisions: RevisionLog,
  announcements: Announcements,
  failed: (error: Error) => void,
): () => Promise<void> {
  let looking: Promise<void> | undefined;
  let isAskedAgain = false;
  let said: string | undefined;
  const lookNow = async (): Promise<void> => {
    try {
      do {
        isAskedAgain = false;
        await revisions.follow();
      } while (isAskedAgain);
      said = undefined;
    } catch (error) {
      // It is tried ten times a second; the same error is reported once.
      const { message } = error as Error;
      if (message !== said) failed(error as Error);
      said = message;
    } finally {
      looking = undefined;
    }
  };
  const look = (): void => {
    isAskedAgain = true;
    looking ??= lookNow();
  };
  revisions.onChange(() => announcements.announce());
  announcements.listen(look);
  const stop = every(LOOK_MS, look, (error) => failed(error as Error));
  return async () => {
    await stop();
    await looking;
    await announcements.close();
  };
}
