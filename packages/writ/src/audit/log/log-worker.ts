import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { messageOf } from '@writ/sdk/lib/message-of';
import { openDatabase } from '../../store/database.js';
import { SqliteState } from '../state/sqlite-state.js';
import { parseSigner } from '../tlog/note.js';
import type { LogWorkerData, Written } from './group-writer.js';
import { groupsInserter, SIGN_EVERY_MS } from './groups-inserter.js';
import type { LogGroup } from './log-group.js';

/** The thread that writes the log: the sync to the disk, which takes longest, delays only those who await it. */

/** Groups to commit together, or the end. */
type Message = readonly LogGroup[] | 'close';

const port = parentPort;
if (port === null) throw new Error('this file is run as a worker');
const { file, skey, stateKey } = workerData as LogWorkerData;
const database = openDatabase(file);
const inserter = groupsInserter(
  database,
  parseSigner(skey),
  stateKey && SqliteState.eachTransaction(database, Buffer.from(stateKey)),
);
let signing: NodeJS.Timeout | undefined;
port.on('message', (first: Message) => {
  // Messages that arrived while the disk was busy are committed together.
  const messages: (readonly LogGroup[])[] = [];
  for (let message: Message | undefined = first; message !== undefined; message = next()) {
    if (message === 'close') {
      write(messages);
      clearTimeout(signing);
      sign();
      database.close();
      port.close();
      return;
    }
    messages.push(message);
  }
  write(messages);
});

function next(): Message | undefined {
  return (receiveMessageOnPort(port as NonNullable<typeof port>) as { message: Message } | undefined)?.message;
}

function write(messages: readonly (readonly LogGroup[])[]): void {
  if (messages.length === 0) return;
  let failure: string | undefined;
  try {
    inserter.insert(messages.flat());
  } catch (error) {
    failure = messageOf(error);
  }
  port?.postMessage({ count: messages.length, failure } satisfies Written);
  // Signs for the last groups too, although nothing follows them.
  if (!inserter.isSigned) signing ??= setTimeout(sign, SIGN_EVERY_MS);
}

function sign(): void {
  signing = undefined;
  try {
    inserter.sign();
  } catch {
    // The next group reports a full disk; the next commit, or the next start, signs for what is on disk.
  }
}
