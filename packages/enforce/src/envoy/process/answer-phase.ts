import { isEmptyAnswer, isReadable } from '../../http/enforced/answer-head.js';
import type { ProxyPermit } from '../../http/enforced/permit.js';
import { WITHHELD } from '../../http/enforced/problems.js';
import { BODY_MODE, type HttpBody, type HttpHeaders, type ProcessingResponse } from '../protocol/messages.js';
import { bodyPasses, ending, headPasses } from './replies.js';

/** The part of Envoy's buffers that an answer is read in, in bytes: a longer one passes unread. */
const MAX_READ = 2 ** 20;

type Accept = NonNullable<ProxyPermit['accept']>;

/** The answer of the service to a permitted request, as ext_proc shows it. The permit has one end. */
export class AnswerPhase {
  private status: number | undefined;
  /** `read`: its body is awaited whole. `stream`: it passes piece by piece. */
  private state: 'awaited' | 'read' | 'stream' | 'over' = 'awaited';

  constructor(
    private readonly permit: ProxyPermit,
    private readonly method: string,
    /** Whether Envoy holds answers until they are read. */
    private readonly showsAnswers: boolean,
  ) {}

  get isOver(): boolean {
    return this.state === 'over';
  }

  /** Receives the head of the answer. */
  async head({ headers, endOfStream }: HttpHeaders): Promise<ProcessingResponse> {
    if (this.state !== 'awaited') throw new Error('an answer began twice');
    const one = (name: string): string | undefined => {
      const found = (headers?.headers ?? []).find(({ key }) => key === name);
      return found && (found.rawValue?.toString('latin1') || found.value || '');
    };
    const status = Number(one(':status'));
    if (!Number.isInteger(status) || status < 200 || status > 599) throw new Error('an answer has no status');
    this.status = status;
    const [type, coding, length] = ['content-type', 'content-encoding', 'content-length'].map(one);
    const answer = { status, type, coding, length };
    const { accept, mustRead, decision } = this.permit;
    if (endOfStream === true && accept !== undefined) {
      const handedOn = await this.accepted(accept, new Uint8Array());
      return handedOn?.length === 0 ? headPasses() : ending(WITHHELD, decision);
    }
    if (accept !== undefined && (isReadable(answer, MAX_READ) || isEmptyAnswer(this.method, answer))) {
      this.state = 'read';
      return headPasses(this.showsAnswers ? undefined : BODY_MODE.buffered);
    }
    if (mustRead === true) {
      this.end('completed');
      return ending(WITHHELD, decision);
    }
    if (endOfStream === true || accept === undefined || length !== undefined) {
      // The service has done it, and Envoy passes on as many bytes as the head says.
      this.end('completed');
      return endOfStream === true ? headPasses() : headPasses(BODY_MODE.none);
    }
    this.state = 'stream';
    return headPasses(BODY_MODE.streamed);
  }

  /** Receives a piece of the body. */
  async body({ body = Buffer.alloc(0), endOfStream }: HttpBody): Promise<ProcessingResponse> {
    const { accept, decision } = this.permit;
    if (accept !== undefined && this.state === 'read' && (this.showsAnswers || endOfStream === true)) {
      const handedOn = await this.accepted(accept, body);
      return handedOn === undefined ? ending(WITHHELD, decision) : bodyPasses(body, handedOn);
    }
    if (this.state === 'read') this.state = 'stream';
    if (endOfStream === true && this.state === 'stream') this.end('completed');
    return { responseBody: {} };
  }

  /** Receives the trailers, which are the end of a stream. */
  trailers(): ProcessingResponse {
    if (this.state === 'stream' || this.state === 'read') this.end('completed');
    return { responseTrailers: {} };
  }

  /** Ends it with nothing more of the service: what came of it is not known. */
  cut(): void {
    if (this.state !== 'over') this.end('unknown');
  }

  /** Ends it with a body that was read whole. @returns what may be handed on of it; undefined if nothing may be */
  private async accepted(accept: Accept, bytes: Uint8Array): Promise<Uint8Array | undefined> {
    this.state = 'over';
    return accept({ status: this.status as number, bytes });
  }

  private end(result: 'completed' | 'unknown'): void {
    this.state = 'over';
    const { status } = this;
    const isFailed = result === 'completed' && status !== undefined && status >= 400;
    this.permit.done({ result: isFailed ? 'failed' : result, status });
  }
}
