import type { Seconds } from '../../lib/units.js';
import type { HoldingTables } from './holding-rows.js';
import type { Attachment } from './log-lines.js';
import type { HeadRow, TileRow } from './log-tree.js';

/** The tables of the log. */
export type LogTables = {
  log_groups: {
    seq: number;
    first_id: string;
    last_id: string;
    count: number;
    body: string;
    /** The place of the first entry in the log, counted from 0. */
    start: number;
    /** The hashes of the entries. */
    hashes: Buffer;
  };
  log_tiles: TileRow;
  log_head: HeadRow & {
    id: number;
    origin: string;
    /** The names of the journals that the store may be continued with; null before the first one. */
    journal: string | null;
  };
  log_attachments: Attachment;
  /** Checkpoints that witnesses signed too. */
  log_cosigned: { size: number; checkpoint: string };
  log_outcomes: { decision_id: string; id: string };
  log_proofs: { key: string; until: Seconds };
  log_uses: { decision_id: string; use: string; until: number };
} & HoldingTables;
