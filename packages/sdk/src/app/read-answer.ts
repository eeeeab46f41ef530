import type { Decision, MissingFact, Obligation, Reason, Refusal } from '../authzen/decision.js';
import { DecisionPointError } from '../client/errors.js';
import { readDecision } from '../client/read-decision.js';
import type { ServiceAnswer } from '../client/service-client.js';
import { defined } from '../lib/defined.js';
import { isObject } from '../lib/is-object.js';
import type { Answer, Refused } from './answer.js';

/** An answer, and the decision as the desk for requests knows it. */
export interface ReadAnswer {
  readonly answer: Answer;
  readonly decision: Decision;
}

const MAX_DETAIL = 4_096;
const ID = /^[\w-]{1,128}$/;

/** Reads the answer to one evaluation. @throws {DecisionPointError} if it cannot be relied on */
export function readAnswer({ status, body, decisionId }: ServiceAnswer): ReadAnswer {
  if (status !== 200) throw new DecisionPointError(`the decision point answered with status ${status}${said(body)}`);
  return readOne(body, decisionId);
}

/**
 * Reads the answers to several evaluations.
 *
 * @param asked how many were asked about
 * @param isPart whether it may end before the last
 * @throws {DecisionPointError} if one of them cannot be relied on: which is of which call is not sure then
 */
export function readAnswers(
  { status, body, decisionId }: ServiceAnswer,
  asked: number,
  isPart: boolean,
): readonly ReadAnswer[] {
  if (status !== 200) throw new DecisionPointError(`the decision point answered with status ${status}${said(body)}`);
  const answers: unknown = isObject(body) ? body.evaluations : undefined;
  const ids = decisionId?.split(/\s*,\s*/) ?? [];
  if (!Array.isArray(answers) || answers.length !== ids.length || answers.length > asked || answers.length === 0)
    throw new DecisionPointError('the decision point did not answer each evaluation');
  if (answers.length < asked && !isPart) throw new DecisionPointError('the decision point left evaluations out');
  const known = ids.filter((id) => id !== '-');
  if (new Set(known).size !== known.length) throw new DecisionPointError('two evaluations have one decision');
  return answers.map((answer: unknown, i) => {
    const id = ids[i] as string;
    return id === '-' ? unreadable(answer) : readOne(answer, id);
  });
}

function readOne(body: unknown, id: string | undefined): ReadAnswer {
  if (!isObject(body) || id === undefined || !ID.test(id)) throw junk();
  const { context = {} } = body;
  if (!isObject(context)) throw junk();
  for (const named of [context.id, context.evaluation_id])
    if (named !== undefined && named !== id)
      throw new DecisionPointError(`the answer ${id} is about another decision, ${String(named).slice(0, 64)}`);
  if (body.decision === true && context.error !== undefined) throw junk();
  const decision = readDecision(body, id);
  return { decision, answer: answerOf(decision, context) };
}

/** An evaluation that the service could not read is a denial without a decision. */
function unreadable(body: unknown): ReadAnswer {
  const { decision, context } = (isObject(body) ? body : {}) as { decision?: unknown; context?: unknown };
  const { error } = (isObject(context) ? context : {}) as { error?: { message?: unknown } };
  if (decision !== false) throw junk();
  const refusal: Refusal = { code: 'invalid_request', message: String(error?.message ?? 'it could not be read') };
  const answer = readDecision({ decision, context: { result: 'deny', refusal } }, '-');
  return { decision: answer, answer: answerOf(answer, {}) };
}

function answerOf(decision: Decision, context: Readonly<Record<string, unknown>>): Answer {
  const { id, policyVersion, refusal } = decision;
  const reasons = decision.reasons.filter((one: unknown): one is Reason => isObject(one) && isText(one.policy));
  const isRefusal = isObject(refusal) && isText(refusal.code) && isText(refusal.message);
  const common = { id: id as string, policyVersion, reasons };
  const denied = { ...common, permitted: false, ...(isRefusal ? { refusal: refusal as Refusal } : {}) } as const;
  switch (decision.result) {
    case 'allow':
      return { ...common, result: 'allow', permitted: true };
    case 'modify':
      return { ...common, result: 'modify', permitted: true, obligations: decision.obligations ?? [] };
    case 'step_up':
      return {
        ...denied,
        result: 'step_up',
        obligations: objects<Obligation>(context.obligations).filter(({ type }) => type === 'step-up'),
        ...defined({ requestable: requestableIn(context) }),
      };
    case 'defer':
      return {
        ...denied,
        result: 'defer',
        missing: objects<MissingFact>(context.missing),
        retryAfter: typeof context.retry_after === 'number' ? context.retry_after : undefined,
      };
    case 'deny':
      return { ...denied, result: 'deny', retryAfter: secondsUntil(decision.retryAt) };
  }
}

/** Returns the final denial of a call that waited in vain. */
export function withoutApproval(answer: Answer, message: string, more: Partial<Refused>): Refused {
  const { id, policyVersion, reasons } = answer;
  const refusal: Refusal = { code: 'not_approved', message };
  return { id, policyVersion, reasons, result: 'deny', permitted: false, refusal, retryAfter: undefined, ...more };
}

function requestableIn({ access_request: given }: Readonly<Record<string, unknown>>) {
  if (!isObject(given) || !isText(given.expires_at)) return undefined;
  const { title, description } = isObject(given.display) ? given.display : {};
  return { expiresAt: given.expires_at, title: String(title ?? ''), description: String(description ?? '') };
}

function secondsUntil(at: string | undefined): number | undefined {
  return at === undefined ? undefined : Math.max(1, Math.ceil((Date.parse(at) - Date.now()) / 1_000));
}

function objects<T>(given: unknown): readonly T[] {
  return Array.isArray(given) ? (given.filter(isObject) as T[]) : [];
}

function isText(given: unknown): given is string {
  return typeof given === 'string';
}

function junk(): DecisionPointError {
  return new DecisionPointError('the decision point gave an answer that is not an AuthZEN decision');
}

function said(body: unknown): string {
  const { detail } = isObject(body) ? body : {};
  return typeof detail === 'string' ? `: ${detail.slice(0, MAX_DETAIL)}` : '';
}
