import type Sqlite from 'better-sqlite3';
import { parseCheckpoint, type SignedCheckpoint, verifiedCheckpoint } from '../tlog/checkpoint.js';
import { NoteError } from '../tlog/errors.js';
import { EMPTY_ROOT, type Hash } from '../tlog/hashes.js';
import { type Signer, signatureBy, signatureLine, type Verifier } from '../tlog/note.js';
import { isConsistent } from '../tlog/proofs.js';

interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly body: string;
  readonly contentType: string;
}

const MAX_PROOF = 63;

/**
 * A witness (C2SP tlog-witness). It signs a checkpoint of a log only if that continues the last one that it signed: a log whose end was
 * cut off, or that was forked, gets no signature.
 */
export class Witness {
  private readonly logs: ReadonlyMap<string, Verifier>;

  /**
   * @param database keeps the last signed checkpoint of each log; written before the answer
   * @param clock returns the present time
   */
  constructor(
    private readonly signer: Signer,
    logs: readonly Verifier[],
    private readonly database: Sqlite.Database,
    private readonly clock: () => Date = () => new Date(),
  ) {
    this.logs = new Map(logs.map((log) => [log.name, log]));
    database.exec(
      'create table if not exists witnessed (origin text primary key, size integer not null, root blob not null)',
    );
  }

  /** Answers a request to `add-checkpoint`. */
  addCheckpoint(body: string): WitnessAnswer {
    const end = body.indexOf('\n\n');
    const [first = '', ...lines] = body.slice(0, Math.max(end, 0)).split('\n');
    const old = /^old (0|[1-9][0-9]{0,15})$/.exec(first)?.[1];
    const proof = lines.map((line) => Buffer.from(line, 'base64'));
    const isProof =
      proof.length <= MAX_PROOF && proof.every((hash, i) => hash.length === 32 && hash.toString('base64') === lines[i]);
    if (old === undefined || !isProof)
      return refused(400, 'the body is "old <size>", a proof, an empty line, a checkpoint');
    let origin: string;
    try {
      ({ origin } = parseCheckpoint(body.slice(end + 2)));
    } catch (error) {
      return refused(400, (error as Error).message);
    }
    const log = this.logs.get(origin);
    if (log === undefined) return refused(404, 'this log is not known here');
    let checkpoint: SignedCheckpoint;
    try {
      checkpoint = verifiedCheckpoint(body.slice(end + 2), log);
    } catch (error) {
      if (error instanceof NoteError) return refused(403, error.message);
      throw error;
    }
    return this.sign(checkpoint, Number(old), proof);
  }

  private sign(checkpoint: SignedCheckpoint, old: number, proof: readonly Hash[]): WitnessAnswer {
    if (old > checkpoint.size) return refused(400, 'the old size is larger than the checkpoint');
    // One transaction from reading the last checkpoint to writing the next: two requests at once never both continue it.
    return this.database
      .transaction((): WitnessAnswer => {
        const row = this.database.prepare('select size, root from witnessed where origin = ?').get(checkpoint.origin);
        const last = (row ?? { size: 0, root: EMPTY_ROOT }) as { size: number; root: Buffer };
        if (last.size !== old) return { status: 409, body: `${last.size}\n`, contentType: 'text/x.tlog.size' };
        if (!isConsistent(last, checkpoint, proof))
          return refused(422, `the checkpoint does not go on from the ${last.size} entries that were signed for last`);
        this.database
          .prepare('insert or replace into witnessed (origin, size, root) values (?, ?, ?)')
          .run(checkpoint.origin, checkpoint.size, checkpoint.root);
        const seconds = Math.floor(this.clock().getTime() / 1_000);
        const signature = signatureBy(checkpoint.note.text, this.signer, seconds);
        return { status: 200, body: signatureLine(signature), contentType: 'text/plain; charset=utf-8' };
      })
      .immediate();
  }
}

function refused(status: 400 | 403 | 404 | 422, why: string): WitnessAnswer {
  return { status, body: `${why}\n`, contentType: 'text/plain; charset=utf-8' };
}
