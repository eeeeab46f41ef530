import { createHash } from 'node:crypto';
import { type EntityUid, uidText } from '@writ/cedar';
import type { DecisionRecord } from '../decide/record.js';
import type { TaskKey } from '../lib/ids.js';
import { SerialQueue } from '../lib/serial-queue.js';
import { type AccessItem, type AccessTask, statusOf } from './access-task.js';
import { AccessRequestError, ApproverError, TooManyRequests } from './errors.js';
import { LikeRequests, likenessOf, listName } from './like-requests.js';
import type { AccessRequestsParts, Denial, Submission, Template, Voting } from './submission.js';
import type { NewDelivery } from './task-store.js';
import { countedVote, newId, type PermittedVote, permittedVote, summaryOf } from './voting.js';
import { approvalOf, dueAt, ended, nextStep } from './workflow.js';

/** How long a task is kept after its end. */
const RETAINED_MS = 7 * 24 * 3_600_000;
/** How long the result of a task is shown after its end. */
const SHOWN_MS = 24 * 3_600_000;
const PURGE_EVERY_MS = 3_600_000;
/** The most tasks that one tick takes. */
const MAX_DUE = 1_000;
/** The most open tasks of one enforcement point: people cannot decide more. */
const MAX_OPEN = 1_000;

/** Requests for access: submitted, decided by people or ended by time. Changes are made one at a time, each with its notices. */
export class AccessRequests {
  private readonly queue = new SerialQueue();
  private readonly alike = new LikeRequests((id) => this.parts.store.find(id));
  private purgedAt = 0;
  private readonly waiting = new Set<(task: AccessTask) => void>();

  constructor(private readonly parts: AccessRequestsParts) {}

  /**
   * Submits a request.
   *
   * @returns its task, and whether it is new; with an idempotency key that was used for the same before, the task of then
   * @throws {AccessRequestError} `duplicate_request`; {@link TooManyRequests}
   */
  submit(submission: Submission): Promise<{ readonly task: AccessTask; readonly isNew: boolean }> {
    return this.queue.run(async () => {
      const { store, clock, template: templateOf } = this.parts;
      const { enforcementPoint, denials, idempotency } = submission;
      const body = idempotency && sha256(idempotency.body);
      if (idempotency !== undefined) {
        const known = await store.withKey(enforcementPoint, idempotency.key);
        if (known !== undefined && known.idempotency?.body !== body)
          throw new AccessRequestError('duplicate_request', 'the Idempotency-Key was used for another request');
        if (known !== undefined) return { task: known, isNew: false };
      }
      if ((await store.openOf(enforcementPoint)) >= MAX_OPEN)
        throw new TooManyRequests(
          `${MAX_OPEN} requests of ${enforcementPoint} are open`,
          'wait until some are decided',
        );
      const [first] = denials as [Denial, ...Denial[]];
      const template = templateOf(first.template);
      // Of a request with several, one person answers for all: the originator never for what asks somebody else.
      if (denials.some((one) => templateOf(one.template).isConsent !== template.isConsent))
        throw new AccessRequestError('not_requestable', 'a consent and an approval are asked for in two requests');
      const now = clock();
      const { record } = first;
      const alone: AccessTask = {
        id: newId('arq_'),
        enforcementPoint,
        template: template.name,
        path: record.provenance?.path ?? [record.request.subject],
        ...(record.provenance?.tokens === undefined ? {} : { credentials: record.provenance.tokens }),
        task: first.task,
        policyVersion: record.policyVersion,
        items: denials.map(itemOf),
        isBulk: submission.isBulk,
        requested: submission.requested,
        createdAt: now.toISOString(),
        expiresAt: new Date(now.getTime() + template.expiresMs).toISOString(),
        step: 0,
        stepAt: now.toISOString(),
        quorum: template.quorum,
        votes: [],
        ...(submission.justification === undefined ? {} : { justification: submission.justification }),
        ...(submission.callback === undefined ? {} : { callback: submission.callback }),
        ...(submission.client === undefined ? {} : { client: submission.client }),
        ...(idempotency === undefined ? {} : { idempotency: { key: idempotency.key, body: body as string } }),
      };
      // A consent is for exactly one call.
      const likeness = template.isConsent ? undefined : likenessOf(submission, alone);
      const like = await this.alike.joined(likeness, now);
      const made: AccessTask = like === undefined ? alone : { ...alone, like };
      await this.parts.record(enforcementPoint, 'access.request', {
        request: made.id,
        template: template.name,
        ...(like === undefined ? {} : { like }),
        decisions: made.items.map(({ decision }) => decision),
        ...(made.justification === undefined ? {} : { justification: made.justification }),
      });
      const task = made.requested.emergency === true ? await this.breakGlass(made, template) : made;
      if (like === undefined) this.alike.note(likeness, task.id);
      await this.put(task, [
        ...this.noticesToAsked(task, template, 'asked', template.ask),
        ...(task.items.some(({ approval }) => approval !== undefined)
          ? this.parts.deliveriesOf({ about: 'alarm', task, channels: template.emergency?.notify ?? [] })
          : []),
      ]);
      return { task, isNew: true };
    });
  }

  /** Returns the last request for exactly this, by this path and in this task, whatever its status. Undefined if no such request is found. */
  async lastFor(record: DecisionRecord, task: TaskKey): Promise<AccessTask | undefined> {
    if (record.binding === undefined) return undefined;
    const path = pathText(record);
    const found = await this.parts.store.withBinding(record.binding);
    return found
      .filter(
        (one) =>
          one.task === task &&
          one.enforcementPoint === record.enforcementPoint &&
          one.path.map(uidText).join() === path,
      )
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0];
  }

  /** @throws {AccessRequestError} `unknown_task`, `task_expired` */
  async find(id: string): Promise<AccessTask> {
    const task = await this.parts.store.find(id);
    if (task === undefined)
      throw new AccessRequestError('unknown_task', 'there is no such request, or it is not yours');
    const now = this.isLate(task) ? ended(task, 'expired') : task;
    if (statusOf(now) !== 'pending' && Date.parse(task.expiresAt) + SHOWN_MS < this.parts.clock().getTime())
      throw new AccessRequestError('task_expired', 'the request is over and its result is not kept any more');
    return now;
  }

  async list(which: 'open' | 'all', limit = 200): Promise<AccessTask[]> {
    const tasks = await this.parts.store.list(which, limit);
    return which === 'open' ? tasks.filter((task) => !this.isLate(task)) : tasks;
  }

  /** @throws {AccessRequestError} `invalid_task_state` */
  cancel(id: string, by: string, why: { readonly reason?: string; readonly comment?: string }): Promise<AccessTask> {
    return this.queue.run(async () => {
      const task = await this.open(id);
      const cancelled = { ...ended(task, 'cancelled'), cancelled: { by, ...why } };
      await this.parts.record(by, 'access.cancel', { request: id, ...why });
      await this.put(cancelled, this.parts.deliveriesOf({ about: 'ended', task: cancelled }));
      await this.askAboutNext(cancelled);
      return cancelled;
    });
  }

  /**
   * Records the vote of an approver. The policies on `approve` must permit it; the approver must not be on the delegation path, nor
   * answer for the originator.
   *
   * @throws {ApproverError} when the approver may not; {@link AccessRequestError} when there is nothing to decide any more
   */
  vote(id: string, voting: Voting): Promise<AccessTask> {
    return this.queue.run(async () => {
      const permitted = await permittedVote(this.parts, await this.open(id), voting);
      const decided = await this.count(permitted, voting);
      await this.askAboutNext(decided);
      return decided;
    });
  }

  /**
   * Records the vote of an approver on a list of like requests: on each, or on none of them if one may not be decided.
   *
   * @param id of one of them
   * @param list the name of the list that the approver saw ({@link listName})
   * @throws {AccessRequestError} when the list has changed; {@link ApproverError}
   */
  voteOnList(id: string, list: string, voting: Omit<Voting, 'items'>): Promise<readonly AccessTask[]> {
    return this.queue.run(async () => {
      const tasks = await this.alikeTo(await this.open(id));
      if (listName(tasks) !== list)
        throw new AccessRequestError('invalid_task_state', `the list has changed: ${tasks.length} calls wait now`);
      if ('anyArguments' in voting.scope && tasks.length > 1)
        throw new ApproverError('a list is approved for exactly its calls', 'approve one of them for other arguments');
      const permitted = [];
      for (const task of tasks) permitted.push(await permittedVote(this.parts, task, voting));
      const decided: AccessTask[] = [];
      for (const one of permitted) decided.push(await this.count(one, voting));
      return decided;
    });
  }

  /** Returns the pending requests that are one question with a request, the first of them first. */
  async alikeTo(task: AccessTask, among?: readonly AccessTask[]): Promise<readonly AccessTask[]> {
    const first = task.like ?? task.id;
    const open = among ?? (await this.list('open', MAX_OPEN));
    const others = open.filter(({ id, like }) => id !== task.id && (id === first || like === first));
    return [task, ...others].sort((a, b) => (a.like === undefined ? -1 : b.like === undefined ? 1 : compare(a, b)));
  }

  /** Asks people about the requests that were one question with one that ended without them. */
  private async askAboutNext(task: AccessTask): Promise<void> {
    if (statusOf(task) === 'pending' || task.like !== undefined) return;
    const [, ...left] = await this.alikeTo(task);
    const [next, ...others] = left;
    if (next === undefined) return;
    const { like: _like, ...asked } = next;
    const template = this.parts.template(asked.template);
    await this.put(asked, this.noticesToAsked(asked, template, 'asked', template.ask));
    for (const one of others) await this.put({ ...one, like: asked.id }, []);
  }

  /** Returns a task as a question of its own if the one that it joined is over: the service may have ended in between. */
  private async asOwnQuestion(task: AccessTask): Promise<AccessTask> {
    const { like, ...own } = task;
    const asked = like === undefined ? undefined : await this.parts.store.find(like);
    return asked !== undefined && statusOf(asked) === 'pending' ? task : own;
  }

  /** Counts a vote that is permitted. @returns the task after it */
  private async count(permitted: PermittedVote, voting: Voting): Promise<AccessTask> {
    const next = await countedVote(this.parts, permitted, voting);
    await this.put(next, statusOf(next) === 'pending' ? [] : this.parts.deliveriesOf({ about: 'ended', task: next }));
    return next;
  }

  /** Ends the tasks that are late, and escalates those that nobody answered. Call it every second or so. */
  tick(): Promise<void> {
    return this.queue.run(async () => {
      const { store, clock, record, template } = this.parts;
      const now = clock();
      for (const task of await store.dueBy(now, MAX_DUE)) {
        if (this.isLate(task)) {
          const late = ended(task, 'expired');
          await record('writ', 'access.expire', { request: task.id });
          await this.put(late, this.parts.deliveriesOf({ about: 'ended', task: late }));
          await this.askAboutNext(late);
          continue;
        }
        const workflow = template(task.template);
        const step = nextStep(task, workflow, now);
        if (step === undefined) continue;
        const next = { ...(await this.asOwnQuestion(task)), step, stepAt: now.toISOString() };
        const asked = workflow.escalate[step - 1]?.ask ?? [];
        await record('writ', 'access.escalate', { request: task.id, step, ask: asked });
        await this.put(next, this.noticesToAsked(next, workflow, 'escalated', asked));
      }
      if (now.getTime() - this.purgedAt < PURGE_EVERY_MS) return;
      this.purgedAt = now.getTime();
      await store.purge(new Date(now.getTime() - RETAINED_MS));
    });
  }

  /** Waits at most `ms` milliseconds until nothing of a task is pending. @returns it as it is then */
  async settled(id: string, ms: number, signal?: AbortSignal): Promise<AccessTask> {
    let found: ((task: AccessTask) => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    const changed = new Promise<void>((resolve) => {
      found = (task) => {
        if (task.id === id && statusOf(task) !== 'pending') resolve();
      };
      this.waiting.add(found);
      timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    try {
      const task = await this.find(id);
      if (statusOf(task) !== 'pending') return task;
      await changed;
      return await this.find(id);
    } finally {
      clearTimeout(timer);
      this.waiting.delete(found as (task: AccessTask) => void);
    }
  }

  /** Approves without people the items that policies on `break_glass` permit. */
  private async breakGlass(task: AccessTask, template: Template): Promise<AccessTask> {
    const { parts } = this;
    if (template.emergency === undefined || task.justification === undefined) return task;
    const now = parts.clock();
    const at = now.toISOString();
    const { emergency } = template;
    const items: AccessItem[] = [];
    for (const item of task.items) {
      const decision = await parts.mayBreakGlass(task, item);
      if (decision.result !== 'allow') {
        items.push(item);
        continue;
      }
      const made = {
        id: newId('apr_'),
        approvedAt: at,
        approvedUntil: new Date(now.getTime() + emergency.forMs).toISOString(),
      };
      const approval = approvalOf(task, item, made, {
        votes: [],
        scope: { uses: 'once' },
        reason: task.justification,
        emergency: true,
      });
      await parts.record(task.enforcementPoint, 'access.break-glass', {
        request: task.id,
        decision: decision.id,
        reason: task.justification,
        approvals: [summaryOf(approval)],
      });
      await parts.approve(approval, uidText(task.path[0] as EntityUid));
      items.push({ ...item, status: 'approved', approval: made });
    }
    return { ...task, items };
  }

  private noticesToAsked(
    task: AccessTask,
    { notify, isConsent }: Template,
    about: 'asked' | 'escalated',
    ask: readonly string[],
  ) {
    if (statusOf(task) !== 'pending' || task.like !== undefined) return [];
    const [originator] = task.path;
    if (isConsent) {
      // Without an address: an agent may read the mailbox, and a consent is not given by a link.
      const people = originator === undefined ? [] : [{ uid: uidText(originator), address: undefined }];
      return this.parts.deliveriesOf({ about, task, people, channels: notify });
    }
    // People on the path may not decide, so they get no notice.
    const people = this.parts.peopleIn(ask).filter(({ uid }) => !task.path.some((one) => uidText(one) === uid));
    return this.parts.deliveriesOf({ about, task, people, channels: notify });
  }

  private isLate(task: AccessTask): boolean {
    return statusOf(task) === 'pending' && task.expiresAt <= this.parts.clock().toISOString();
  }

  /** @throws {AccessRequestError} when nothing of it is pending */
  private async open(id: string): Promise<AccessTask> {
    const task = await this.find(id);
    const status = statusOf(task);
    if (status !== 'pending') throw new AccessRequestError('invalid_task_state', `the request is ${status}`);
    return task;
  }

  private async put(task: AccessTask, notices: readonly NewDelivery[]): Promise<void> {
    const deliveries = notices.map((one) => ({ ...one, id: newId() }));
    const due = dueAt(task, this.parts.template(task.template));
    await this.parts.store.put(task, due, deliveries, this.parts.clock());
    for (const notify of this.waiting) notify(task);
  }
}

function compare(a: AccessTask, b: AccessTask): number {
  return a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1;
}

function itemOf({ record, lifts }: Denial): AccessItem {
  const { id, request, reasons, binding = '' } = record;
  const lifted = reasons.filter(({ policy }) => lifts.includes(policy));
  const byPolicy = new Map(lifted.map(({ policy, reason }) => [policy, { policy, ...(reason && { reason }) }]));
  const { type, id: resource } = request.resource;
  return {
    decision: id,
    action: { name: request.action.name },
    resource: { type, id: resource },
    policies: [...byPolicy.values()],
    binding,
    status: 'pending',
  };
}

function pathText({ provenance, request }: DecisionRecord): string {
  return (provenance?.path ?? [request.subject]).map(uidText).join();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
