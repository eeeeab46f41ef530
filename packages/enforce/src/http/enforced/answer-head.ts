/** The part of the head of an answer that says whether it can be read. */
interface AnswerHead {
  readonly status: number;
  readonly type: string | readonly string[] | undefined;
  readonly coding: string | readonly string[] | undefined;
  readonly length: string | readonly string[] | undefined;
}

const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i;
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** Returns whether an answer has no body. */
export function isEmptyAnswer(method: string, { status, length }: AnswerHead): boolean {
  return method === 'HEAD' || WITHOUT_BODY.has(status) || length === '0';
}

/** Returns whether an answer is JSON that is read before it is handed on. */
export function isReadable({ status, type, coding, length }: AnswerHead, maxBytes: number): boolean {
  // A part of a resource is no JSON of its own.
  const isJson = typeof type === 'string' && JSON_TYPE.test(type) && status !== 206;
  return isJson && coding === undefined && Number(length ?? 0) <= maxBytes;
}
