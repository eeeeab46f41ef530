/** The document of a source on one entity: JSON of any shape, from which attributes are read by their paths. */
export type FetchedDocument = unknown;

/** A source of facts. */
export interface FactSource {
  /** Its name in metrics and messages; no secrets. */
  readonly shown: string;
  /**
   * Returns the document of one entity; undefined if the source has none.
   *
   * @throws {Error} when it does not say
   */
  one(id: string, signal: AbortSignal): Promise<FetchedDocument | undefined>;
  /** All that it has. @throws {Error} when it does not say */
  all(signal: AbortSignal): Promise<readonly FetchedDocument[]>;
  /** Whether it can be asked for an entity of this id at all; all when it does not say. */
  accepts?(id: string): boolean;
  close(): Promise<void>;
}
