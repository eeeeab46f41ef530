import type { ProxyPermit } from '../../http/enforced/permit.js';
import type { ProblemAnswer } from '../../http/enforced/problems.js';
import type { Service } from '../../http/index.js';
import type { CanonicalRequest } from '../../http/request/body.js';
import type { Complaints } from '../complaints.js';
import { judge } from '../judge.js';
import { decisionMetadata } from '../metadata.js';
import type { EnvoyParts } from '../parts.js';
import { MISCONFIGURED, REVOKED } from '../problems.js';
import type { ProcessingRequest, ProcessingResponse } from '../protocol/messages.js';
import { headChanges } from '../request/changes.js';
import { AnswerPhase } from './answer-phase.js';
import { ending, headMutation } from './replies.js';
import { type BegunRequest, beginOf, cameOf, type NotBegun, wholeOf } from './request-phase.js';

/** The reply to a message, and whether it is the last one of its stream. */
export interface Reply {
  readonly reply: ProcessingResponse;
  readonly isLast?: true;
}

/**
 * One request and its answer, as a stream of ext_proc shows them: the decision is made when the request is there whole, and its end is
 * the answer, or the end of the stream.
 */
export class Exchange {
  private begun: BegunRequest | undefined;
  private answer: AnswerPhase | undefined;
  /** Whether nothing of the request was shown: what comes then is an answer that Envoy made itself. */
  private isBefore = true;
  private readonly gone = new AbortController();

  /** @param onRevoked receives the last message when what permits the request is revoked */
  constructor(
    private readonly parts: EnvoyParts,
    private readonly complaints: Complaints,
    /** The service that the settings of the route name; undefined if there is no such service. */
    private readonly serviceName: string | undefined,
    private readonly onRevoked: (last: ProcessingResponse) => void,
  ) {}

  /** Receives a message. @throws {Error} if it has no place here: the stream has to fail then */
  async receive(message: ProcessingRequest): Promise<Reply> {
    if (message.observabilityMode === true) {
      this.complaints.say('ext_proc: observability_mode lets every request pass, whatever is decided');
      throw new Error('observability_mode decides nothing');
    }
    switch (message.kind) {
      case 'requestHeaders':
        return this.requestHead(message);
      case 'requestBody':
        return this.requestBody(message);
      case 'responseHeaders':
        if (this.isBefore) return { reply: { responseHeaders: {} } };
        return asReply(await this.answering().head(message.responseHeaders ?? {}));
      case 'responseBody':
        if (this.isBefore) return { reply: { responseBody: {} } };
        return asReply(await this.answering().body(message.responseBody ?? {}));
      case 'responseTrailers':
        return { reply: this.isBefore ? { responseTrailers: {} } : this.answering().trailers() };
      default:
        throw new Error('a message of a kind that is not known');
    }
  }

  /** Ends it with the stream. */
  close(): void {
    this.gone.abort();
    this.answer?.cut();
  }

  private async requestHead(message: ProcessingRequest): Promise<Reply> {
    if (!this.isBefore) throw new Error('a request began twice');
    this.isBefore = false;
    const service = this.service();
    if ('problem' in service) return this.refused(service);
    const begun = beginOf(message, service);
    if ('problem' in begun) return this.refused(begun);
    this.begun = begun;
    // Envoy holds the head until the body is decided on.
    if (begun.hasBody) return { reply: { requestHeaders: {} } };
    const decided = await this.decided(begun, Buffer.alloc(0));
    if ('reply' in decided) return decided;
    const { request, permit } = decided;
    const headerMutation = headMutation(headChanges(begun.shown, request, permit));
    return { reply: { requestHeaders: { response: { headerMutation } }, ...decisionMetadata(permit.decision) } };
  }

  private async requestBody({ requestBody }: ProcessingRequest): Promise<Reply> {
    const { begun } = this;
    if (begun?.hasBody !== true || this.answer !== undefined) throw new Error('a body is out of its turn');
    // Trailers follow, or the rest of the body.
    if (requestBody?.endOfStream !== true) return this.refused(NOT_WHOLE);
    const body = requestBody.body ?? Buffer.alloc(0);
    const decided = await this.decided(begun, body);
    if ('reply' in decided) return decided;
    const { request, permit } = decided;
    const sent = Buffer.from(request.rewritten.body);
    const isReplaced = !sent.equals(body);
    const headerMutation = headMutation(
      headChanges(begun.shown, request, permit),
      isReplaced ? sent.length : undefined,
    );
    const response = { headerMutation, ...(isReplaced ? { bodyMutation: { body: sent } } : {}) };
    return { reply: { requestBody: { response }, ...decisionMetadata(permit.decision) } };
  }

  /** Decides on a request that is there whole. */
  private async decided(
    begun: BegunRequest,
    body: Buffer,
  ): Promise<Reply | { readonly request: CanonicalRequest; readonly permit: ProxyPermit }> {
    const { parts, gone } = this;
    this.begun = { ...begun, hasBody: false };
    const request = wholeOf(begun, body);
    if ('problem' in request) return this.refused(request);
    const judged = await judge(parts, request, cameOf(begun, gone.signal), parts.limits.decideMs);
    if (!judged.permitted) return this.refused(judged, judged.decision);
    if (gone.signal.aborted || judged.revoked?.aborted === true) {
      judged.done({ result: 'not-executed', status: undefined });
      return this.refused({ problem: REVOKED }, judged.decision);
    }
    const answer = new AnswerPhase(judged, begun.shown.method, begun.showsAnswers);
    this.answer = answer;
    judged.revoked?.addEventListener('abort', () => this.revoke(answer, judged.decision), { once: true });
    return { request: judged.request ?? request, permit: judged };
  }

  private revoke(answer: AnswerPhase, decision: string | undefined): void {
    if (answer.isOver) return;
    answer.cut();
    this.onRevoked(ending(REVOKED, decision));
  }

  private service(): Service | NotBegun {
    const name = this.serviceName;
    const found = this.parts.services().find((one) => one.name === name);
    if (found !== undefined) return found;
    const what =
      name === undefined
        ? 'no writ-service'
        : `writ-service ${JSON.stringify(name.slice(0, 80))}, which is no service here`;
    return { problem: MISCONFIGURED, complaint: `the gRPC metadata of ext_proc has ${what}` };
  }

  private refused({ problem, complaint }: NotBegun, decision?: string): Reply {
    if (complaint !== undefined) this.complaints.say(`ext_proc: ${complaint}`);
    return { reply: ending(problem, decision), isLast: true };
  }

  private answering(): AnswerPhase {
    if (this.answer === undefined) throw new Error('an answer to a request that was not permitted');
    return this.answer;
  }
}

const NOT_WHOLE: { readonly problem: ProblemAnswer } = {
  problem: { status: 400, title: 'the request has trailers', members: { code: 'trailers' } },
};

function asReply(reply: ProcessingResponse): Reply {
  return reply.immediateResponse === undefined ? { reply } : { reply, isLast: true };
}
