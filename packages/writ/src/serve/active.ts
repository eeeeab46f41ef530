import type { ServedEgress, ServedServices } from '@writ/enforce/http/proxy';
import type { Callers } from '../api/http/callers.js';
import type { ServedBundle } from '../bundle/bundle.js';
import type { PolicyPlane } from '../decide/plane.js';
import type { CallMapper } from '../enforce/mcp/gateway/map-call.js';
import type { JwtSvids } from '../provenance/jwt-svid.js';
import type { Fetchers } from '../registry/fetch/fetchers.js';

/** A bundle, and what is made of it to serve it. It is replaced whole. */
export interface Active {
  readonly bundle: ServedBundle;
  readonly plane: PolicyPlane;
  readonly callers: Callers;
  readonly mapper: CallMapper;
  /** The services that the proxy stands before. */
  readonly http: ServedServices;
  /** The tunnels that the proxy makes; undefined for none. */
  readonly egress: ServedEgress | undefined;
  readonly svids: JwtSvids;
  readonly fetchers: Fetchers;
}

/** Holds the bundle that is served now. */
export class ActiveBundle {
  private value: Active | undefined;

  get isEmpty(): boolean {
    return this.value === undefined;
  }

  /** @throws {Error} when none has been activated yet */
  get current(): Active {
    if (this.value === undefined) throw new Error('no policy is loaded yet');
    return this.value;
  }

  /** Serves another one. @returns the one before; undefined if nothing was served */
  replace(next: Active): Active | undefined {
    const before = this.value;
    this.value = next;
    return before;
  }
}
