import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '../store/database.js';
import { groupInserter, type LogGroup } from './log-table.js';

/** The thread that writes the log: the sync to the disk, which takes longest, holds nobody up but those who wait for it. */

const port = parentPort;
if (port === null) throw new Error('this file is run as a worker');
const database = openDatabase(workerData as string);
const insert = groupInserter(database);
port.on('message', (message: LogGroup | 'close') => {
  if (message === 'close') {
    database.close();
    port.close();
    return;
  }
  try {
    insert(message);
    port.postMessage(undefined);
  } catch (error) {
    port.postMessage(error instanceof Error ? error.message : String(error));
  }
});
