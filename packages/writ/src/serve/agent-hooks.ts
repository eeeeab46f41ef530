import { uidText } from '@writ/cedar';
import { CallQueue, Enforcer, type HoldSettings } from '@writ/enforce';
import type { Attempts } from '@writ/enforce/attempts';
import { DIALECTS, HookFace, Prompts } from '@writ/enforce/hooks';
import type { ApprovalDesk, DecisionPoint } from '@writ/sdk/authzen';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import type { Log } from '@writ/sdk/lib/log';
import type { HookEventParts } from '../api/hooks/events.js';
import type { AuthenticatedCaller } from '../api/http/callers.js';
import type { ServedBundle } from '../bundle/bundle.js';
import type { Decider } from '../decide/decide.js';
import { pointFor } from '../decide/point.js';
import { holdSettings } from '../enforce/hold-settings.js';
import type { CallMapper } from '../enforce/mcp/gateway/map-call.js';

interface AgentHooksParts {
  readonly decider: () => Decider;
  readonly bundle: () => ServedBundle;
  readonly mapper: () => Pick<CallMapper, 'map'>;
  readonly desk: ApprovalDesk;
  readonly attempts: Pick<Attempts, 'add'>;
  readonly log: Log;
  /** The keyed hash of what obligations change. */
  readonly hash: (text: string) => string;
}

/** How long a decision may take: clients run a tool whose hook is late. */
const DEADLINE_MS = 2_000;
const MAX_CALLERS = 1_000;

interface OfCaller {
  readonly point: CallerPoint;
  readonly enforcer: Enforcer;
  readonly face: HookFace;
}

/**
 * The hooks of coding agents. Each caller has a face of its own, so that a session, which its client names, is never that of another
 * key.
 */
export class AgentHooks implements Pick<HookEventParts['hooks'], 'answer'> {
  private readonly of = new BoundedCache<string, OfCaller>(MAX_CALLERS);
  private readonly prompts = new Prompts();

  constructor(private readonly parts: AgentHooksParts) {}

  answer(
    { client, event, path, ...beside }: Parameters<HookEventParts['hooks']['answer']>[0],
    caller: AuthenticatedCaller,
  ) {
    const [originator, agent] = path;
    if (originator === undefined) throw new Error('a caller that speaks for nobody');
    return this.faceOf(caller, path.map(uidText)).answer(DIALECTS[client], event, { originator, agent }, beside);
  }

  /** Permits nothing more, and ends the permits of calls under way as `unknown`. */
  async close(): Promise<void> {
    await Promise.all([...this.of].map(([, { enforcer }]) => enforcer.close(0)));
  }

  private faceOf(caller: AuthenticatedCaller, whom: readonly string[]): HookFace {
    const key = JSON.stringify([caller.enforcementPoint, ...whom]);
    const known = this.of.get(key) ?? this.make(key, caller);
    known.point.follow(caller);
    // The face that was used last is the last to be forgotten.
    this.of.set(key, known);
    return known.face;
  }

  private make(key: string, caller: AuthenticatedCaller): OfCaller {
    const { decider, bundle, mapper, desk, attempts, log, hash } = this.parts;
    const point = new CallerPoint(decider, caller);
    const queue = new CallQueue(point, () => heldShortly(holdSettings(bundle().access.gateway)), desk);
    const enforcer = new Enforcer({ point, queue, attempts, at: 'hook', log, hash });
    const face = new HookFace({
      enforcer,
      map: ({ server, tool, action, input }, client) =>
        mapper().map({ server, tool, shown: action, arguments: input }, client),
      prompts: this.prompts.of(key),
      deadlineMs: DEADLINE_MS,
    });
    return { point, enforcer, face };
  }
}

/** The decision point of a caller. Its rights are those of the bundle in use: the caller is made again with each. */
class CallerPoint implements DecisionPoint {
  private current: DecisionPoint;

  constructor(
    private readonly decider: () => Decider,
    private caller: AuthenticatedCaller,
  ) {
    this.current = pointFor(decider(), caller);
  }

  /** Notes the caller as it proved itself last. */
  follow(caller: AuthenticatedCaller): void {
    if (this.caller === caller) return;
    this.caller = caller;
    this.current = pointFor(this.decider(), caller);
  }

  get decide() {
    return this.current.decide;
  }
  get report() {
    return this.current.report;
  }
  get denyFinally() {
    return this.current.denyFinally;
  }
  get onRevoked() {
    return this.current.onRevoked;
  }
  get couldPermit() {
    return this.current.couldPermit;
  }
}

/** A client waits for its hook for seconds: a call that needs a person is denied, and its denial names the request. */
function heldShortly(settings: HoldSettings): HoldSettings {
  return { ...settings, stepUp: 'reference', justify: false, deferMs: Math.min(settings.deferMs, DEADLINE_MS) };
}
