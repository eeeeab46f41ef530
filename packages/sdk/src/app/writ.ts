import { randomBytes } from 'node:crypto';
import { explainBriefly } from '../authzen/decision.js';
import { TRANSFORMS, type Transform } from '../authzen/transforms.js';
import { Outcomes } from '../client/outcomes.js';
import { ServiceClient } from '../client/service-client.js';
import { StandingPermits } from '../client/standing-permits.js';
import { defined } from '../lib/defined.js';
import { keyedHash } from '../lib/keyed-hash.js';
import { type Log, lineLog } from '../lib/log.js';
import { type FindSpans, findsNothing } from '../obligations/transform.js';
import type { Answer, Denied } from './answer.js';
import { Approvals, type WaitOptions } from './approvals.js';
import {
  type AnyActions,
  type Call,
  type CallContext,
  type CallOfAction,
  type FixedCall,
  fixed,
  type InputOf,
  type Named,
} from './call.js';
import { CallError, NotPermittedError } from './errors.js';
import { Line } from './line.js';
import { Permit, type PermitTools } from './permit.js';
import { readAnswer, readAnswers } from './read-answer.js';
import { searchPages } from './search.js';

export interface WritOptions {
  /** The URL of the service, as `http://127.0.0.1:7465`. */
  readonly url: string;
  /** The key of the caller that the bundle declares for this application, or an access token; a function returns the current one. */
  readonly key: string | (() => string | Promise<string>);
  /** The time for one answer, with all tries of it, in milliseconds; 2,000 by default. After it, nothing is permitted. */
  readonly deadlineMs?: number;
  /** The authorities of the service's certificate, PEM; by default those that Node knows. */
  readonly ca?: string;
  /** The types of obligation that are carried out; by default all that Writ's own enforcement points carry out. */
  readonly carriesOut?: readonly Transform[];
  /** Finds the classes of data that `redact` removes. Without it, a permit that asks for that is not carried out. */
  readonly find?: FindSpans;
  /** Receives outcomes that could not be reported; by default the standard error output. */
  readonly log?: Log;
}

/** The options of one guarded call. */
export interface GuardOptions {
  /** Asks somebody if the call needs an approval, and waits for it; by default the call is refused at once. */
  readonly approval?: WaitOptions;
  /** The types of obligation that are carried out on this call; by default those of the client. */
  readonly carriesOut?: readonly Transform[];
}

/** The part of a call that its function receives beside the input. */
export interface Running {
  readonly decisionId: string;
  /** Aborted when the call is no longer permitted while it runs. */
  readonly signal: AbortSignal;
}

const DEADLINE_MS = 2_000;
const MOST_AT_ONCE = 250;

/**
 * Returns a client for an application: it asks before each call, carries out what a permit asks for, and reports its outcome.
 * Nothing is permitted by an error, by junk, or by an answer that comes too late.
 *
 * @example
 * const writ = createWrit({ url: 'http://127.0.0.1:7465', key });
 */
export function createWrit<Actions = AnyActions>(options: WritOptions): Writ<Actions> {
  return new Writ<Actions>(options);
}

/** A client for an application; {@link createWrit} makes one. `Actions` are the types of a bundle (`writ bundle types`). */
export class Writ<Actions = AnyActions> {
  private readonly client: ServiceClient;
  private readonly line: Line;
  private readonly outcomes: Outcomes;
  private readonly tools: PermitTools;
  private readonly approvals: Approvals;
  private readonly carriesOut: readonly Transform[];

  constructor(options: WritOptions) {
    const { url, key, ca, deadlineMs = DEADLINE_MS, carriesOut = TRANSFORMS, find = findsNothing } = options;
    const { log = lineLog((line) => process.stderr.write(`writ: ${line}\n`)) } = options;
    this.client = new ServiceClient(url, key, { ca });
    this.line = new Line(this.client, deadlineMs);
    this.outcomes = new Outcomes(this.line, log);
    this.carriesOut = carriesOut;
    this.approvals = new Approvals(this.line, (asked) => this.ask(asked));
    const hash = keyedHash(randomBytes(32));
    this.tools = { outcomes: this.outcomes, standing: new StandingPermits(this.line, log), hash, find };
  }

  /**
   * Decides a call. A denial is an answer. The maker of a permitted call carries out its obligations and reports its
   * outcome: {@link guard} does both.
   *
   * @throws {DecisionPointError} if there is no answer that can be relied on: the call is not permitted
   * @throws {CallError} if it is not a call
   */
  async decide(call: Call<Actions>): Promise<Answer> {
    return this.ask(fixed(call, this.carriesOut));
  }

  /**
   * Decides up to 250 calls in one request, each on all that it says, and returns the answers in their order.
   *
   * @param until the answer after which the rest is not decided; by default all are
   * @throws {DecisionPointError} if one answer cannot be relied on: none of the calls is permitted
   */
  async decideAll(
    calls: readonly Call<Actions>[],
    { until }: { readonly until?: 'first-denial' | 'first-permit' } = {},
  ): Promise<readonly Answer[]> {
    const all = calls.map((call) => fixed(call, this.carriesOut));
    const [first] = all;
    if (first === undefined) return [];
    if (all.length > MOST_AT_ONCE)
      throw new CallError(`${all.length} calls at once; at most ${MOST_AT_ONCE} are decided`);
    if (all.some(({ txnToken }) => txnToken !== first.txnToken))
      throw new CallError('calls that are decided at once have one transaction token');
    const semantic = until === undefined ? 'execute_all' : SEMANTIC[until];
    const body = {
      evaluations: all.map(({ request }) => request),
      options: { evaluations_semantic: semantic },
    };
    const answer = await this.line.send('POST', '/access/v1/evaluations', body, { txnToken: first.txnToken });
    return readAnswers(answer, all.length, until !== undefined).map((read, i) => {
      this.approvals.know(read, all[i] as FixedCall);
      return read.answer;
    });
  }

  /** Lists the subjects of a type that would be permitted a call. */
  searchSubjects(call: Omit<Call<Actions>, 'subject'> & { readonly subject: { readonly type: string } }) {
    return this.search('subject', { ...call, subject: { ...call.subject, id: ANY } }, namedIn);
  }

  /** Lists the resources of a type on which a call would be permitted. */
  searchResources(call: Omit<Call<Actions>, 'resource'> & { readonly resource: { readonly type: string } }) {
    return this.search('resource', { ...call, resource: { ...call.resource, id: ANY } }, namedIn);
  }

  /** Lists the names of the actions that a subject would be permitted on a resource. */
  searchActions(call: CallContext & { readonly subject: Named; readonly resource: Named }): AsyncGenerator<string> {
    return this.search('action', { ...call, action: ANY }, ({ name }) => (typeof name === 'string' ? name : undefined));
  }

  /**
   * Asks somebody to permit a call that was answered with `requestable`, waits for them, and decides it once more.
   *
   * @returns the answer then; a denial with `accessRequest` if nobody approved it in time
   * @throws {DecisionPointError} if there is no answer that can be relied on
   */
  request(answer: Answer, options: WaitOptions): Promise<Answer> {
    return this.approvals.request(answer, options);
  }

  /**
   * Decides a call, runs it with the input that was permitted, and reports its outcome before the value is handed on. An error that it
   * throws is reported as `failed`, and thrown on.
   *
   * @throws {NotPermittedError} if it was not permitted; it was not made
   * @throws {DecisionPointError} if there is no answer that can be relied on; it was not made
   * @throws {ObligationError} if the permit asks for a change of the input that cannot be made; it was not made
   * @throws {WithheldError} if it was made, and nothing of it may be handed on
   * @example
   * const call = {
   *   subject: { type: 'User', id: 'ana' }, agent: 'support-bot', action: 'refund_order',
   *   resource: { type: 'Order', id: 'o-1' }, input: { order_id: 'o-1', amount: 500, reason: 'late' },
   * };
   * return await writ.guard(call, (input, { signal }) => refunds.pay(input, { signal })); // { paid: 500 }
   */
  async guard<Action extends keyof Actions & string, Input extends InputOf<Actions, Action>, T>(
    call: CallOfAction<Actions, Action> & { readonly input?: Input | undefined },
    run: (input: Input, running: Running) => T | Promise<T>,
    options: GuardOptions = {},
  ): Promise<T> {
    const permit = await this.begin<Action, Input>(call, options);
    let value: T;
    try {
      value = await run(permit.input, permit);
    } catch (error) {
      throw await permit.failed(error);
    }
    return permit.completed(value);
  }

  /**
   * Decides a call whose end comes elsewhere, as in an event. Its permit has to be ended there. Throws as {@link guard}.
   */
  async begin<Action extends keyof Actions & string, Input extends InputOf<Actions, Action>>(
    call: CallOfAction<Actions, Action> & { readonly input?: Input | undefined },
    { approval, carriesOut = this.carriesOut }: GuardOptions = {},
  ): Promise<Permit<Input>> {
    const asked = fixed(call, carriesOut);
    let answer = await this.ask(asked);
    if (approval !== undefined && answer.result === 'step_up' && answer.requestable !== undefined)
      answer = await this.request(answer, approval);
    if (!answer.permitted) throw new NotPermittedError(answer, explained(asked.request.action.name, answer));
    return (await Permit.open(this.tools, answer, { input: asked.input, carriesOut })) as Permit<Input>;
  }

  /** Reports what is kept, and closes the connections. */
  async close(): Promise<void> {
    await this.outcomes.settled();
    await this.client.close();
  }

  private async ask(asked: FixedCall): Promise<Answer> {
    const { request, txnToken } = asked;
    const read = readAnswer(await this.line.send('POST', '/access/v1/evaluation', request, { txnToken }));
    this.approvals.know(read, asked);
    return read.answer;
  }

  private search<T>(
    what: 'subject' | 'resource' | 'action',
    call: unknown,
    read: (found: Readonly<Record<string, unknown>>) => T | undefined,
  ): AsyncGenerator<T> {
    const { request, txnToken } = fixed(call, this.carriesOut);
    const { action, ...rest } = request;
    const asked = what === 'action' ? rest : { ...rest, action };
    return searchPages(
      (page) => this.line.send('POST', `/access/v1/search/${what}`, { ...asked, ...page }, { txnToken }),
      read,
    );
  }
}

const SEMANTIC = { 'first-denial': 'deny_on_first_deny', 'first-permit': 'permit_on_first_permit' } as const;
/** The id of what is searched for is not read. */
const ANY = '*';

/** An entity that a search found. */
type Found = Pick<Named, 'type' | 'id'>;

function namedIn({ type, id }: Readonly<Record<string, unknown>>): Found | undefined {
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : undefined;
}

/** Says in one line why a call was not permitted. */
function explained(action: string, answer: Denied): string {
  const why = explainBriefly(defined({ reasons: answer.reasons, refusal: answer.refusal }));
  const head = `${action} was not permitted`;
  return why === '' ? head : `${head}: ${why}`;
}
