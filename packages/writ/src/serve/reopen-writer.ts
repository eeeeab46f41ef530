import type pg from 'pg';
import { RecordTakenOverError } from '../audit/errors.js';
import { connection, tookLock } from '../store/postgres.js';
import { endSession, type Session, sessionOf } from '../store/session.js';

/**
 * Returns a function that opens a connection instead of one that was lost, and takes the lock again unless the service
 * follows another. The session of before has ended then: it can neither commit nor hold the lock.
 */
export async function reopener(
  url: string,
  first: pg.Client,
  follows: boolean,
  stateKey?: string,
): Promise<() => Promise<pg.Client>> {
  let before: Session | undefined = await sessionOf(first);
  return async () => {
    const client = await connection(url, stateKey);
    try {
      if (before !== undefined) await endSession(client, before);
      before = await sessionOf(client);
      if (follows || (await tookLock(client))) return client;
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
    client.end().catch(() => undefined);
    throw new RecordTakenOverError(
      'another service keeps the record now',
      'start this one as a standby, or as a follower',
    );
  };
}
