import { writeFileSync } from 'node:fs';
import { receiptOf, recordOfReceipt } from '../audit/log/receipts.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printError } from './output.js';
import { recordedSentence } from './recorded-sentence.js';
import type { StoreFlags } from './store-to-read.js';
import { withTiles } from './with-tiles.js';

/** `writ log receipt`: writes the record of a decision with the proof that it is in the log, as one file. */
export async function receipt(id: string, flags: StoreFlags & { readonly out?: string }): Promise<ExitCode> {
  const text = await withTiles(flags, (tiles) => receiptOf(tiles, id));
  if (text === undefined) {
    printError(`there is no decision ${id} in ${flags.store === undefined ? flags.data : 'that store'}`);
    return EXIT.failed;
  }
  if (flags.out === undefined) process.stdout.write(text);
  else {
    writeFileSync(flags.out, text);
    for (const line of recordedSentence(recordOfReceipt(text))) print(line.trimStart());
    print(`${flags.out}; verify with: writ log verify ${flags.out} --key <log.pub>`);
  }
  return EXIT.ok;
}
