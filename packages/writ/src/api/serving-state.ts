/** What the service can do now (design section 11). */
export type ServingState =
  /** No verified policy yet: nothing is decided. */
  | { readonly state: 'starting' }
  | { readonly state: 'ready'; readonly policyVersion: string; readonly since: string }
  /** Decides with the last good policy, because a newer one cannot be used. */
  | {
      readonly state: 'stale';
      readonly policyVersion: string;
      readonly since: string;
      /** Since when it is known that there is a newer one. RFC 3339, UTC. */
      readonly staleSince: string;
      readonly why: string;
    }
  | { readonly state: 'stopping' };

/** The state, and who may change it: whoever starts the service. */
export class ServingStateHolder {
  private state: ServingState = { state: 'starting' };

  get current(): ServingState {
    return this.state;
  }

  set(state: ServingState): void {
    this.state = state;
  }

  /** Whether decisions are made. */
  get serves(): boolean {
    return this.state.state === 'ready' || this.state.state === 'stale';
  }
}
