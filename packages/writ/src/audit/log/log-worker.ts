import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { openDatabase } from '../../store/database.js';
import { parseSigner } from '../tlog/note.js';
import type { LogWorkerData, Written } from './group-writer.js';
import { groupsInserter, SIGN_EVERY_MS } from './groups-inserter.js';
import type { LogGroup } from './log-group.js';

/** The thread that writes the log: the sync to the disk, which takes longest, holds nobody up but those who wait for it. */

/** Groups that belong together, or the end. */
type Message = readonly LogGroup[] | 'close';

const port = parentPort;
if (port === null) throw new Error('this file is run as a worker');
const { file, skey } = workerData as LogWorkerData;
const database = openDatabase(file);
const inserter = groupsInserter(database, parseSigner(skey));
let signing: NodeJS.Timeout | undefined;
port.on('message', (first: Message) => {
  // What came while the disk was busy is committed together.
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
    failure = error instanceof Error ? error.message : String(error);
  }
  port?.postMessage({ count: messages.length, failure } satisfies Written);
  // The last ones are signed for although nothing comes after them.
  if (!inserter.isSigned) signing ??= setTimeout(sign, SIGN_EVERY_MS);
}

function sign(): void {
  signing = undefined;
  try {
    inserter.sign();
  } catch {
    // A full disk is told of by the next group; what is on disk is signed for at the next commit, or the next start.
  }
}
