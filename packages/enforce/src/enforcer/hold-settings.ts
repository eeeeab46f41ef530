/** How an enforcement point holds calls. */
export interface HoldSettings {
  /** `wait`: a call that needs an approval waits. `reference`: it is denied with a reference, and can be made again. */
  readonly stepUp: 'wait' | 'reference';
  /** How long a call waits for its approval, in milliseconds. */
  readonly waitMs: number;
  /** Whether the user has to give a reason first, where they can be asked. */
  readonly justify: boolean;
  /** How long a call waits for a fact, in milliseconds; and the most calls of one task that wait at once. */
  readonly deferMs: number;
  readonly deferred: number;
}
