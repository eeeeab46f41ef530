import { messageOf } from '@writ/sdk/lib/message-of';
import type { LogEntry } from '../../../decide/record.js';
import type { Store } from '../../../store/store.js';
import { LogReader } from '../../log/log-reader.js';
import type { LogTables } from '../../log/log-tables.js';
import { NO_CATCH_UP } from '../../log/log-tiles.js';
import type { KeyFinder } from '../../protection/person-keys.js';
import { STATE_TABLES, type StateTable } from '../state-tables.js';
import { type AuthorityRows, ReplayedAuthority } from './replayed-authority.js';
import { ReplayedLedger } from './replayed-ledger.js';

/** A table that is not as the log says. */
interface StateProblem {
  readonly table: string;
  readonly what: string;
}

interface VerifiedState {
  readonly entries: number;
  /** The number of entries about people who were erased: nothing of them can be replayed. */
  readonly erased: number;
  readonly verified: readonly StateTable[];
  /** The tables of which the log does not have the whole content. */
  readonly notReplayed: readonly StateTable[];
  readonly problems: readonly StateProblem[];
}

const ALWAYS = ['credentials', 'registry_revocations', 'served_policies', 'tool_pins'] as const;
/** A person who was erased may have any of their rows. */
const WITHOUT_ERASED = ['grants', 'log_accounts', 'log_holdings', 'log_uses'] as const;
const AT_ONCE = 1_000;
/** A comparison ends after this many problems of a table. */
const MAX_PROBLEMS = 100;

type AuthorityTables = {
  registry_revocations: AuthorityRows['revocations'][number];
  grants: AuthorityRows['grants'][number];
  served_policies: AuthorityRows['policies'][number];
  credentials: AuthorityRows['credentials'][number];
  tool_pins: AuthorityRows['pins'][number];
};

/**
 * Makes the state again from the entries of the log alone, and compares it with the tables that a service decides from. Both are of one
 * moment, also while the service runs. It reads the whole log.
 *
 * @param keysIn returns the keys of the people that entries are about, read from the store that it is given
 */
export function verifyState(store: Store, keysIn: (store: Store) => KeyFinder, now: Date): Promise<VerifiedState> {
  return store
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((snapshot) => verifyIn(snapshot, keysIn(snapshot), now));
}

async function verifyIn(store: Store, keys: KeyFinder, now: Date): Promise<VerifiedState> {
  const ledger = new ReplayedLedger();
  const authority = new ReplayedAuthority();
  const problems: StateProblem[] = [];
  let [entries, erased, outcomes] = [0, 0, 0];
  const reader = new LogReader(store, keys, NO_CATCH_UP);
  for (let from = { seq: 0, index: -1 }; ; ) {
    const read = await reader.read(from, AT_ONCE);
    const last = read.at(-1);
    if (last === undefined) break;
    from = last.position;
    entries += read.length;
    const kept = read.flatMap(({ entry }) => (entry.kind === 'erased' ? [] : [entry]));
    erased += read.length - kept.length;
    for (const entry of kept) {
      ledger.add(entry);
      authority.add(entry);
    }
    const found = await outcomeProblems(store, kept);
    outcomes += kept.filter(({ kind }) => kind === 'outcome').length;
    if (problems.length < MAX_PROBLEMS) problems.push(...found);
  }
  const add = (table: string, compare: () => readonly string[]): void =>
    void problems.push(...differencesOf(compare).map((what) => ({ table, what })));
  const { count } = await store
    .withTables<LogTables>()
    .selectFrom('log_outcomes')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const rows = await authorityRows(store);
  if (erased === 0) {
    const inLedger = await ledgerRows(store);
    add('ledger', () => ledger.differences(inLedger, now));
    add('grants', () => authority.grantDifferences(rows));
    if (Number(count) > outcomes)
      add('log_outcomes', () => [`${Number(count) - outcomes} of its rows are of no outcome in the log`]);
  }
  add('registry_revocations', () => authority.revocationDifferences(rows));
  add('credentials', () => authority.credentialDifferences(rows));
  add('served_policies', () => authority.policyDifferences(rows));
  add('tool_pins', () => authority.pinDifferences(rows));
  const verified = [...ALWAYS, ...(erased === 0 ? WITHOUT_ERASED : [])].sort();
  const notReplayed = STATE_TABLES.filter((table) => !(verified as readonly string[]).includes(table));
  return { entries, erased, verified, notReplayed, problems };
}

/** Returns the first differences. Rows that somebody wrote need not even be JSON. */
function differencesOf(compare: () => readonly string[]): readonly string[] {
  try {
    return compare().slice(0, MAX_PROBLEMS);
  } catch (error) {
    return [`its rows cannot be read: ${messageOf(error)}`];
  }
}

/** Verifies that the outcomes of entries are known as such: another one would be accepted otherwise. */
async function outcomeProblems(store: Store, entries: readonly LogEntry[]): Promise<StateProblem[]> {
  const expected = entries.flatMap((entry) => (entry.kind === 'outcome' ? [entry.decisionId] : []));
  if (expected.length === 0) return [];
  const rows = await store
    .withTables<LogTables>()
    .selectFrom('log_outcomes')
    .select('decision_id')
    .where('decision_id', 'in', expected)
    .execute();
  const found = new Set(rows.map(({ decision_id: id }) => id));
  return expected.flatMap((id) =>
    found.has(id) ? [] : [{ table: 'log_outcomes', what: `the outcome of ${id} is not there` }],
  );
}

async function ledgerRows(store: Store) {
  const tables = store.withTables<LogTables>();
  return {
    holdings: await tables.selectFrom('log_holdings').selectAll().execute(),
    accounts: await tables.selectFrom('log_accounts').selectAll().execute(),
    uses: await tables.selectFrom('log_uses').selectAll().execute(),
  };
}

async function authorityRows(store: Store): Promise<AuthorityRows> {
  const tables = store.withTables<AuthorityTables>();
  return {
    revocations: await tables
      .selectFrom('registry_revocations')
      .select(['id', 'kind', 'target', 'task', 'before', 'until', 'lifted_at'])
      .execute(),
    grants: await tables
      .selectFrom('grants')
      .select(['id', 'identity', 'in_type', 'in_id', 'task', 'start_at', 'end_at'])
      .execute(),
    policies: await tables.selectFrom('served_policies').select(['version', 'next']).execute(),
    credentials: await tables.selectFrom('credentials').select(['hash', 'kind', 'name', 'ends_at', 'said']).execute(),
    pins: await tables.selectFrom('tool_pins').select(['server', 'tool', 'body']).execute(),
  };
}
