import { createHash } from 'node:crypto';
import { uidText } from '@writ/cedar';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { isObject } from '@writ/sdk/lib/is-object';
import { type AccessTask, statusOf } from './access-task.js';
import type { Denial, Submission } from './submission.js';

/** The most requests of one question: people cannot look at more. */
const MAX_ALIKE = 50;
const MAX_QUESTIONS = 10_000;

interface Question {
  readonly id: string;
  count: number;
}

/** The requests that are one question: like calls of one task, which wait at the same time. */
export class LikeRequests {
  /** By likeness: the request that people were asked about. Forgotten at a restart: then people are asked again. */
  private readonly questions = new BoundedCache<string, Question>(MAX_QUESTIONS);

  /** @param find returns the current state of a request */
  constructor(private readonly find: (id: string) => Promise<AccessTask | undefined>) {}

  /** Returns the request whose question a new one joins; undefined if people are asked about it. */
  async joined(likeness: string | undefined, now: Date): Promise<string | undefined> {
    const question = likeness === undefined ? undefined : this.questions.get(likeness);
    if (question === undefined || question.count >= MAX_ALIKE) return undefined;
    const asked = await this.find(question.id);
    if (asked === undefined || !isUndecided(asked, now)) return undefined;
    question.count += 1;
    return question.id;
  }

  /** Notes that people are asked about a request. */
  note(likeness: string | undefined, id: string): void {
    if (likeness !== undefined) this.questions.set(likeness, { id, count: 1 });
  }
}

/** Somebody who said something already did not see what joins later. */
function isUndecided(task: AccessTask, now: Date): boolean {
  return statusOf(task) === 'pending' && task.votes.length === 0 && task.expiresAt > now.toISOString();
}

/**
 * Returns a text that like requests share: of one task and one path, for the same action, stopped by the same policies, with arguments of
 * the same names. Undefined for a request that is a question of its own.
 */
export function likenessOf(
  { denials, isBulk, requested, callback, client, justification, idempotency }: Submission,
  { path, enforcementPoint, template, policyVersion, items, task }: AccessTask,
): string | undefined {
  const [denial, ...more] = denials as [Denial, ...Denial[]];
  const isPlain = callback === undefined && client === undefined && idempotency === undefined;
  const [item] = items;
  if (!isPlain || isBulk || more.length > 0 || item === undefined || Object.keys(requested).length > 0)
    return undefined;
  const { input } = denial.record.request.context ?? {};
  return JSON.stringify([
    ...[enforcementPoint, template, policyVersion, task, path.map(uidText), justification ?? null],
    ...[item.action.name, item.resource.type, item.policies.map(({ policy }) => policy).sort()],
    isObject(input) ? Object.keys(input).sort() : null,
  ]);
}

/** Returns the name of a list of requests: it is the same only for exactly these. */
export function listName(tasks: readonly Pick<AccessTask, 'id'>[]): string {
  const ids = tasks.map(({ id }) => id).sort();
  return createHash('sha256').update(ids.join('\n')).digest('hex').slice(0, 20);
}
