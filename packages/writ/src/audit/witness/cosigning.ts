import { messageOf } from '@writ/sdk/lib/message-of';
import { hashTiles, type LogTiles } from '../log/log-tiles.js';
import { parseCheckpoint, type SignedCheckpoint } from '../tlog/checkpoint.js';
import { LogProofError } from '../tlog/errors.js';
import { type NoteSignature, noteText, parseSignatures, type Verifier, verifiedBy } from '../tlog/note.js';
import { consistencyProof } from '../tlog/proofs.js';

/** A witness that cosigns checkpoints of the log. */
interface WitnessOf {
  /** The URL, without `/add-checkpoint`. */
  readonly url: string;
  readonly key: Verifier;
}

/** The answer of a witness. */
type WitnessResult =
  | { readonly witness: string; readonly size: number }
  /** The witness could not be asked. */
  | { readonly witness: string; readonly failure: string }
  /** The witness signed for entries that this log does not have: the log was cut off, restored from an old copy, or forked. */
  | { readonly witness: string; readonly alarm: string };

const TIMEOUT_MS = 5_000;
const MAX_ANSWER = 64 * 1024;

/** Has checkpoints of the log signed by witnesses (C2SP tlog-witness), and keeps the signatures. */
export class Cosigning {
  /** The size that each witness signed for last, by key, as far as it is known. */
  private readonly sizes = new Map<string, number>();

  constructor(
    private readonly tiles: LogTiles,
    private readonly witnesses: readonly WitnessOf[],
    /** Ends the requests that are under way. */
    private readonly stop?: AbortSignal | undefined,
  ) {}

  /** Asks the witnesses that have not signed for the present size. */
  async round(): Promise<readonly WitnessResult[]> {
    const { checkpoint: text } = await this.tiles.head();
    const checkpoint = parseCheckpoint(text);
    const due = this.witnesses.filter(({ key }) => this.sizes.get(key.vkey) !== checkpoint.size);
    if (due.length === 0) return [];
    const signatures: NoteSignature[] = [];
    const results = await Promise.all(
      due.map(async (witness): Promise<WitnessResult> => {
        const name = witness.key.name;
        try {
          signatures.push(await this.ask(witness, checkpoint, text));
          return { witness: name, size: checkpoint.size };
        } catch (error) {
          const why = messageOf(error);
          return error instanceof LogProofError ? { witness: name, alarm: why } : { witness: name, failure: why };
        }
      }),
    );
    if (signatures.length > 0) {
      const { note } = checkpoint;
      const kept = noteText({ ...note, signatures: [...note.signatures, ...signatures] });
      await this.tiles.keepCosigned(checkpoint.size, kept);
    }
    return results;
  }

  /** Asks a witness for its signature. @throws {LogProofError} if the witness signed for another log of this name */
  private async ask(witness: WitnessOf, checkpoint: SignedCheckpoint, text: string): Promise<NoteSignature> {
    let old = this.sizes.get(witness.key.vkey) ?? 0;
    // The first answer may be the size that the witness has; then it is asked once more.
    for (let isSecond = false; ; isSecond = true) {
      const { status, body } = await this.post(witness, old, checkpoint.size, text);
      if (status === 200) return this.signatureIn(body, witness, checkpoint);
      if (status === 422) throw new LogProofError(`it signed for other entries than this log has: ${body.trim()}`);
      if (status !== 409 || isSecond) throw new Error(`it answered ${status}: ${body.trim().slice(0, 200)}`);
      old = /^(0|[1-9][0-9]{0,15})\n$/.test(body) ? Number(body) : Number.NaN;
      if (Number.isNaN(old)) throw new Error('it does not say how much it has signed for');
      if (old > checkpoint.size)
        throw new LogProofError(
          `it signed for ${old} entries, and this log has ${checkpoint.size}: its end was cut off`,
        );
    }
  }

  private async post(
    { url }: WitnessOf,
    old: number,
    size: number,
    checkpoint: string,
  ): Promise<{ readonly status: number; readonly body: string }> {
    const proof = await consistencyProof(hashTiles(this.tiles), old, size);
    const lines = [`old ${old}`, ...proof.map((hash) => hash.toString('base64'))];
    const response = await fetch(`${url.replace(/\/$/, '')}/add-checkpoint`, {
      method: 'POST',
      body: `${lines.join('\n')}\n\n${checkpoint}`,
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(this.stop === undefined ? [] : [this.stop])]),
    });
    const body = await response.text();
    if (body.length > MAX_ANSWER) throw new Error('its answer is too long');
    return { status: response.status, body };
  }

  private signatureIn(body: string, { key }: WitnessOf, { note, size }: SignedCheckpoint): NoteSignature {
    const signatures = parseSignatures(body).filter(({ name, keyId }) => name === key.name && keyId === key.keyId);
    const [signature] = signatures;
    // Verified before it is kept: one signature that does not fit makes a receipt invalid.
    if (signature === undefined || verifiedBy({ ...note, signatures: [signature] }, [key]).length === 0)
      throw new Error(`its answer has no signature of ${key.name}`);
    this.sizes.set(key.vkey, size);
    return signature;
  }
}
