/** The state of the service (docs/operate.md, "Health"). */
type ServingState =
  /** No verified policy yet: nothing is decided. */
  | {
      readonly state: 'starting';
      /** Why the start waits; undefined if it does not. */
      readonly why?: string;
    }
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

const STARTING = { state: 'starting' } as const satisfies ServingState;

/** Holds the state of the service. Only the start of the service changes it. */
export class ServingStateHolder {
  private state: ServingState = STARTING;
  private isStarted = false;
  private beginning: ServingState = STARTING;
  private servers: () => readonly string[] = () => [];
  private observation: { readonly until: Date | undefined } | undefined;

  get current(): ServingState {
    return this.isStarted || this.state.state === 'stopping' ? this.state : this.beginning;
  }

  /** Changes the state. A service that stops stays in that state. */
  set(state: ServingState): void {
    if (this.state.state !== 'stopping') this.state = state;
  }

  /** Reports why the start waits. @param why undefined if it continues */
  waitFor(why: string | undefined): void {
    this.beginning = why === undefined ? STARTING : { ...STARTING, why };
  }

  /** @param notConnected returns the names of the gateway's servers that are not connected */
  watchServers(notConnected: () => readonly string[]): void {
    this.servers = notConnected;
  }

  /** The names of the gateway's servers that are not connected: their tools cannot be called, and all others can. */
  get notConnected(): readonly string[] {
    return this.servers();
  }

  /** @param observation says until when nothing is stopped at the gateway */
  watchObservation(observation: { readonly until: Date | undefined }): void {
    this.observation = observation;
  }

  /** Until when nothing is stopped at the gateway; undefined if the rules hold. */
  get observingUntil(): Date | undefined {
    return this.observation?.until;
  }

  /** Reports the state from now on: every step that can keep the service from starting is done. */
  started(): void {
    this.isStarted = true;
  }

  /** The time since which a newer policy cannot be used. RFC 3339, UTC; undefined if no such policy is known. */
  get staleSince(): string | undefined {
    const { current } = this;
    return current.state === 'stale' ? current.staleSince : undefined;
  }

  /** Whether decisions are made. */
  get serves(): boolean {
    const { state } = this.current;
    return state === 'ready' || state === 'stale';
  }
}
