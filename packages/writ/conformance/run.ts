import type { Answer, Case } from './case.js';
import { send, type Target } from './client.js';
import { judge } from './judge.js';

export interface CaseResult {
  readonly suite: string;
  readonly id: string;
  readonly level: string;
  readonly ok: boolean;
  /** What is wrong, or why it was left out. */
  readonly why?: string;
  readonly skipped?: boolean;
}

/** Where each endpoint is (Authorization API 1.0, section 10.1). */
const PATHS: Readonly<Record<string, string>> = {
  evaluation: '/access/v1/evaluation',
  evaluations: '/access/v1/evaluations',
  'search/subject': '/access/v1/search/subject',
  'search/resource': '/access/v1/search/resource',
  'search/action': '/access/v1/search/action',
};

/** Runs cases against a server, in their order. */
export async function runCases(suite: string, cases: readonly Case[], target: Target): Promise<CaseResult[]> {
  const base = target.url.replace(/\/$/, '');
  const answers = new Map<string, Answer>();
  const results: CaseResult[] = [];
  for (const one of cases) {
    const what = { suite, id: one.id, level: one.level ?? suite };
    const request = fillIn(one.request, answers);
    if (request === NO_TOKEN) {
      results.push({ ...what, ok: true, skipped: true, why: 'the page before was the last' });
      continue;
    }
    let why: string | undefined;
    try {
      for (let i = 0; i < (one.repeat ?? 1) && why === undefined; i += 1) {
        const url = one.path === undefined ? base + (PATHS[one.endpoint ?? ''] ?? '/') : base + one.path;
        const body = one.rawBody ?? (request === undefined ? undefined : JSON.stringify(request));
        const type = body === undefined ? {} : { 'content-type': 'application/json' };
        const answer = await send(target, one.method ?? 'POST', url, { ...type, ...one.headers }, body);
        answers.set(one.id, answer);
        why = judge(one, answer, base, (id) => resultsIn(answers.get(id)));
      }
    } catch (error) {
      why = `no answer: ${error instanceof Error ? error.message : String(error)}`;
    }
    results.push({ ...what, ok: why === undefined, ...(why === undefined ? {} : { why }) });
  }
  return results;
}

const NO_TOKEN = Symbol('no token');

/** Puts the `next_token` of an earlier case where a request speaks of it. */
function fillIn(request: unknown, answers: ReadonlyMap<string, Answer>): unknown {
  const match = /"<next_token of ([^>]+)>"/.exec(JSON.stringify(request) ?? '');
  if (match === null) return request;
  const token = pageTokenIn(answers.get(match[1] ?? ''));
  if (token === undefined || token === '') return NO_TOKEN;
  return JSON.parse(JSON.stringify(request).replace(match[0], JSON.stringify(token)));
}

function bodyOf(answer: Answer | undefined): Record<string, unknown> {
  try {
    return JSON.parse(answer?.text ?? '{}') as Record<string, unknown>;
  } catch {
    return {};
  }
}

function pageTokenIn(answer: Answer | undefined): string | undefined {
  return (bodyOf(answer).page as { next_token?: string } | undefined)?.next_token;
}

function resultsIn(answer: Answer | undefined): unknown {
  return bodyOf(answer).results;
}
