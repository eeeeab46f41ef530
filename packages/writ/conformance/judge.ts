import { isDeepStrictEqual } from 'node:util';
import type { Answer, Case, Result } from './case.js';

/** What is wrong with an answer; undefined when nothing is. */
export function judge(
  one: Case,
  answer: Answer,
  baseUrl: string,
  resultsOf: (id: string) => unknown,
): string | undefined {
  const { expect } = one;
  if (answer.status !== expect.status)
    return `status ${answer.status}, not ${expect.status}: ${answer.text.slice(0, 200)}`;
  for (const name of expect.echoHeaders ?? []) {
    if (answer.headers[name] !== one.headers?.[name]) return `the header ${name} is ${answer.headers[name]}`;
  }
  if (expect.status !== 200) return undefined;
  const type = String(answer.headers['content-type'] ?? '');
  if (!/^application\/json\s*(;|$)/i.test(type)) return `the content type is ${type}`;
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(answer.text) as Record<string, unknown>;
  } catch {
    return 'the body is not JSON';
  }
  return (
    judgeDecision(expect.decision, body) ??
    judgeBatch(expect.evaluations, body) ??
    judgeSearch(one, body, resultsOf) ??
    judgeMetadata(one, body, baseUrl)
  );
}

function judgeDecision(expected: boolean | undefined, body: Record<string, unknown>): string | undefined {
  if (expected === undefined) return undefined;
  // The working group's own harness compares text: a key too many fails.
  return isDeepStrictEqual(body, { decision: expected }) ? undefined : `the answer is ${JSON.stringify(body)}`;
}

function judgeBatch(
  expected: readonly (boolean | null)[] | undefined,
  body: Record<string, unknown>,
): string | undefined {
  if (expected === undefined) return undefined;
  const { evaluations, ...more } = body as { evaluations?: { decision?: unknown; context?: { error?: unknown } }[] };
  if (!Array.isArray(evaluations) || Object.keys(more).length > 0) return `the answer is ${JSON.stringify(body)}`;
  if (evaluations.length !== expected.length) return `${evaluations.length} decisions, not ${expected.length}`;
  for (const [i, { decision, ...rest }] of evaluations.entries()) {
    if (typeof decision !== 'boolean' || (expected[i] !== null && decision !== expected[i]))
      return `decision ${i} is ${JSON.stringify(decision)}`;
    const isFailure = decision === false && isDeepStrictEqual(Object.keys(rest.context ?? {}), ['error']);
    if (Object.keys(rest).length > 0 && !isFailure)
      return `decision ${i} has more than a decision: ${JSON.stringify(rest)}`;
  }
  return undefined;
}

function judgeSearch(one: Case, body: Record<string, unknown>, resultsOf: (id: string) => unknown): string | undefined {
  const { results, resultsInclude, resultsExclude, resultsArray, sameResultsAs, pageNextTokenString } = one.expect;
  const isSearch = one.endpoint?.startsWith('search/') === true;
  if (!isSearch) return undefined;
  if (!Array.isArray(body.results)) return 'there is no list of results';
  const found = body.results as Result[];
  const has = (result: Result): boolean => found.some((other) => isDeepStrictEqual(other, result));
  if (results !== undefined && (found.length !== results.length || !results.every(has)))
    return `the results are ${JSON.stringify(found)}`;
  const lacking = (resultsInclude ?? []).find((result) => !has(result));
  if (lacking !== undefined) return `the results lack ${JSON.stringify(lacking)}: ${JSON.stringify(found)}`;
  const excess = (resultsExclude ?? []).find(has);
  if (excess !== undefined) return `the results have ${JSON.stringify(excess)}`;
  if (sameResultsAs !== undefined && !isDeepStrictEqual(found, resultsOf(sameResultsAs)))
    return `the results differ from those of ${sameResultsAs}`;
  const { page } = body as { page?: { next_token?: unknown } };
  const isPaged = page === undefined || (typeof page === 'object' && typeof page.next_token === 'string');
  if (resultsArray === true && !isPaged) return `the page is ${JSON.stringify(page)}`;
  if (pageNextTokenString === true && typeof page?.next_token !== 'string') return 'there is no page.next_token';
  return undefined;
}

function judgeMetadata({ expect }: Case, body: Record<string, unknown>, baseUrl: string): string | undefined {
  for (const name of expect.requiredFields ?? []) if (typeof body[name] !== 'string') return `there is no ${name}`;
  for (const name of expect.httpsUrls ?? []) {
    const value = body[name];
    if (value !== undefined && !(typeof value === 'string' && value.startsWith('https://')))
      return `${name} is not an https URL: ${JSON.stringify(value)}`;
  }
  if (expect.policyDecisionPointEqualsBaseUrl === true && body.policy_decision_point !== baseUrl)
    return `policy_decision_point is ${JSON.stringify(body.policy_decision_point)}, not ${baseUrl}`;
  const { capabilities } = body;
  if (
    capabilities !== undefined &&
    !(Array.isArray(capabilities) && capabilities.every((one) => typeof one === 'string'))
  )
    return 'capabilities is not a list of strings';
  return undefined;
}
