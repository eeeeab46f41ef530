import { existsSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { uidText } from '@writ/cedar';
import { parquetWriteFile } from 'hyparquet-writer';
import { identitiesOf } from '../../record/decision-parts.js';
import type { ExportedEntry, Sink } from './sink.js';

const ENTRIES = 10_000;
const MS = 10 * 60_000;

/**
 * Writes Parquet files, one for some thousands of entries or some minutes. The name has the places in the log: entries that are sent
 * twice make the same file.
 */
export class ParquetSink implements Sink {
  readonly batch: Sink['batch'];

  constructor(
    private readonly folder: string,
    { entries = ENTRIES, ms = MS }: Partial<Sink['batch']> = {},
  ) {
    this.batch = { entries, ms };
  }

  async send(entries: readonly ExportedEntry[]): Promise<void> {
    const [first, last] = [entries[0], entries[entries.length - 1]];
    if (first === undefined || last === undefined) return;
    await mkdir(this.folder, { recursive: true });
    const file = join(this.folder, `writ-${padded(first.index)}-${padded(last.index)}.parquet`);
    if (existsSync(file)) return;
    const rows = entries.map(rowOf);
    const text = (name: keyof Row) => ({
      name,
      data: rows.map((row) => row[name]),
      type: 'STRING' as const,
      nullable: true,
    });
    const fresh = `${file}.writing`;
    await parquetWriteFile({
      filename: fresh,
      columnData: [
        { name: 'index', data: entries.map(({ index }) => BigInt(index)), type: 'INT64' },
        { name: 'time', data: entries.map(({ entry }) => new Date(entry.time)), type: 'TIMESTAMP' },
        ...COLUMNS.map(text),
      ],
    });
    const handle = await open(fresh, 'r+');
    await handle.datasync();
    await handle.close();
    await rename(fresh, file);
  }

  async close(): Promise<void> {}
}

function padded(index: number): string {
  return String(index).padStart(12, '0');
}

const COLUMNS = [
  'id',
  'kind',
  'result',
  'action',
  'resource',
  'actor',
  'originator',
  'task',
  'enforcement_point',
  'policies',
  'refusal',
  'policy_version',
  'decision_id',
  'status',
  'record',
] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number], string | null>>;

function rowOf({ entry }: ExportedEntry): Row {
  const none = Object.fromEntries(COLUMNS.map((name) => [name, null])) as Row;
  const base = { ...none, id: entry.id, kind: entry.kind, record: JSON.stringify(entry) };
  if (entry.kind === 'outcome')
    return { ...base, decision_id: entry.decisionId, status: entry.status, enforcement_point: entry.enforcementPoint };
  if (entry.kind !== 'decision') return base;
  const { request, provenance, reasons, refusal } = entry;
  const { actor, originator } = identitiesOf(entry);
  const task = provenance?.txn ?? request.context?.task;
  return {
    ...base,
    result: entry.result,
    action: request.action.name,
    resource: uidText(request.resource),
    actor: uidText(actor),
    originator: uidText(originator),
    task: typeof task === 'string' ? task : null,
    enforcement_point: entry.enforcementPoint,
    policies: [...new Set(reasons.map(({ policy }) => policy))].join(','),
    refusal: refusal?.code ?? null,
    policy_version: entry.policyVersion,
  };
}
