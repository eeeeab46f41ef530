/** A key as the record has it: the key itself is not in it. */
export interface RecordedKey {
  readonly kind: string;
  readonly name: string;
  /** The SHA-256 of the key. */
  readonly hash: string;
}

/**
 * Records a key.
 *
 * @param what `credentials.issue` before a key is made; `credentials.adopt` for one that an earlier version made; `credentials.end`
 * @param by the caller that wants it; Writ itself if it is undefined
 * @throws {RecordError} if it cannot be recorded
 */
export type RecordKey = (
  what: 'credentials.issue' | 'credentials.adopt' | 'credentials.end',
  key: RecordedKey & Readonly<Record<string, unknown>>,
  by?: string,
) => Promise<void>;
