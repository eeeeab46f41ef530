import pc from 'picocolors';
import { verifyState } from '../audit/state/replay/verify-state.js';
import type { Store } from '../store/store.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson, printNote } from './output.js';
import { personKeysOf, type SealedFlags } from './person-keys-of.js';
import { hasJournal, missingIn, storeToRead } from './store-to-read.js';

/** How often it is looked whether the journal is in the log: for five seconds. */
const LOOKS = 100;

/** Compares the tables of a store with the state that its log amounts to. */
export async function compareState(flags: SealedFlags & { readonly json?: boolean }): Promise<ExitCode> {
  const store = await storeToRead(flags);
  try {
    const found = await verified(store, flags);
    if (flags.json === true) printJson(found);
    else printState(found);
    return found.problems.length > 0 ? EXIT.failed : EXIT.ok;
  } finally {
    await store.destroy();
  }
}

/**
 * Verifies the state. A row can be in its table before its entry has left the journal of a running service, so what differs then is
 * verified again.
 */
async function verified(store: Store, flags: SealedFlags): ReturnType<typeof verifyState> {
  const verify = (): ReturnType<typeof verifyState> =>
    verifyState(store, (snapshot) => personKeysOf(snapshot, flags), new Date());
  const first = await verify();
  if (first.problems.length === 0 || !hasJournal(flags)) return first;
  await missingIn(store, flags.data, LOOKS);
  return verify();
}

function printState({ erased, verified, notReplayed, problems }: Awaited<ReturnType<typeof verifyState>>): void {
  for (const { table, what } of problems) printNote(`${pc.red('differs')} ${table}: ${what}`);
  if (problems.length === 0) print(`${pc.green('verified')}: the tables ${verified.join(', ')} are as the log says`);
  if (erased > 0)
    print(
      `  the ledger and grants are not compared: ${count(erased, 'entry is', 'entries are')} about people who were erased`,
    );
  print(`  not in the log as a whole, and compared with its checkpoint at each start: ${notReplayed.join(', ')}`);
}
