/** What a source says of one entity: JSON of any shape, from which attributes are taken by their paths. */
export type FetchedDocument = unknown;

/** Where facts come from. */
export interface FactSource {
  /** What metrics and messages call it by; no secrets. */
  readonly shown: string;
  /**
   * What is known of one entity; undefined when the source says that it knows of none.
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
