import { uidText } from '@writ/cedar/uid';
import type { DecisionRecord } from '../../decide/record.js';
import { identitiesOf } from '../../record/decision-parts.js';

/** A query for decisions. Entities are written `Type::"id"`. */
export interface DecisionQuery {
  readonly result?: string | undefined;
  readonly action?: string | undefined;
  /** An identity on the delegation path. */
  readonly identity?: string | undefined;
  /** The first identity of the delegation path. */
  readonly originator?: string | undefined;
  /** The transaction, or the task as the enforcement point names it. */
  readonly task?: string | undefined;
  readonly session?: string | undefined;
  /** The thing that was acted on, or a table of the statement. */
  readonly resource?: string | undefined;
  /** A policy that determined the decision. */
  readonly policy?: string | undefined;
  readonly policyVersion?: string | undefined;
  /** The MCP server, or the server and the tool as `server/tool`. */
  readonly tool?: string | undefined;
  readonly enforcementPoint?: string | undefined;
  /** From this time on, RFC 3339. */
  readonly since?: string | undefined;
  /** Before this time, RFC 3339. */
  readonly until?: string | undefined;
}

export const QUERY_TERMS = [
  'result',
  'action',
  'identity',
  'originator',
  'task',
  'session',
  'resource',
  'policy',
  'policyVersion',
  'tool',
  'enforcementPoint',
] as const satisfies readonly (keyof DecisionQuery)[];

/** Returns the terms of a decision: `name=value`, each once. */
export function termsOf(decision: DecisionRecord): ReadonlySet<string> {
  const { request, provenance, reasons, result, policyVersion, enforcementPoint, parts = [] } = decision;
  const terms = new Set([
    `result=${result}`,
    `action=${request.action.name}`,
    `resource=${uidText(request.resource)}`,
    `policyVersion=${policyVersion}`,
    `enforcementPoint=${enforcementPoint}`,
  ]);
  for (const { fact } of parts) terms.add(`resource=${uidText(fact.uid)}`);
  const { path, originator } = identitiesOf(decision);
  for (const uid of path) terms.add(`identity=${uidText(uid)}`);
  terms.add(`originator=${uidText(originator)}`);
  for (const { policy } of reasons) terms.add(`policy=${policy}`);
  const { task, session, upstream } = (request.context ?? {}) as Readonly<Record<string, unknown>>;
  if (provenance?.txn !== undefined) terms.add(`task=${provenance.txn}`);
  if (typeof task === 'string') terms.add(`task=${task}`);
  for (const one of [provenance?.session, session]) if (typeof one === 'string') terms.add(`session=${one}`);
  const { server, tool } = (upstream ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof server === 'string') terms.add(`tool=${server}`);
  if (typeof server === 'string' && typeof tool === 'string') terms.add(`tool=${server}/${tool}`);
  return terms;
}

/** Returns the terms of a query, without its times. */
export function termsIn(query: DecisionQuery): readonly string[] {
  return QUERY_TERMS.flatMap((name) => (query[name] === undefined ? [] : [`${name}=${query[name]}`]));
}

/** Returns whether a decision fits a query. */
export function matches(decision: DecisionRecord, query: DecisionQuery, terms = termsIn(query)): boolean {
  const { since, until } = query;
  if (since !== undefined && decision.time < since) return false;
  if (until !== undefined && decision.time >= until) return false;
  if (terms.length === 0) return true;
  const found = termsOf(decision);
  return terms.every((term) => found.has(term));
}
