import { createHash } from 'node:crypto';
import { uidText } from '@writ/cedar';
import type { AccessRequest } from '@writ/sdk/authzen';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { decodeTime } from 'ulid';
import { MAX_PLAIN_TASK_MS } from '../ledger/holding.js';
import type { Txn } from '../lib/ids.js';
import { conversationOf, partOf, sessionIn, streamKey } from '../lib/task-stream.js';
import { actorOf, originatorOf, type Provenance } from '../provenance/path.js';
import type { DecisionRecord } from './record.js';

/** Past this many streams, the session that was unused for longest is forgotten: its next call begins a task. */
const MAX_STREAMS = 20_000;
/** The most streams of one session: one for each identity that works in it. */
const MAX_OF_SESSION = 1_000;
/** Past this many of one stream, the task that began first is forgotten: its prompt begins another. */
const MAX_TASKS = 32;
const MAX_RECENT = 10_000;
/** The most tasks of the same prompt that a task is known to follow. */
const MAX_BEFORE = 8;
/** The most earlier prompts that a prompt is compared with, to find the part of it that is new. */
const MAX_EARLIER = 8;

/** A task that began longer ago has ended, however it was used: what it did is kept for this time. */
export const MAX_LIFE_MS = MAX_PLAIN_TASK_MS;

/** The prompt that a task began with. The text is not kept. */
interface BegunPrompt {
  readonly hash: string;
  /** In characters. */
  readonly length: number;
  /** The beginning of the part that is new: a host that sends the whole conversation repeats the prompts of earlier tasks. */
  readonly from: number;
}

/** How a task began. */
type Began = NonNullable<NonNullable<DecisionRecord['provenance']>['began']>;

/** A task without a token, as it is kept over a restart. */
export interface KeptPlainTask {
  readonly txn: Txn;
  /** {@link streamKey}. */
  readonly stream: string;
  readonly prompt: BegunPrompt | undefined;
  /** When it was last used, and when its session ended; in milliseconds since the epoch. */
  readonly usedAt: number;
  readonly endedAt: number | undefined;
}

interface PlainTask {
  readonly txn: Txn;
  /** The tasks of the same prompt that it follows, the latest last. */
  before: readonly Txn[];
  readonly prompt: BegunPrompt | undefined;
  usedAt: number;
  endedAt: number | undefined;
  /** When it began, by its id; undefined until something asks. */
  beganAt?: number;
}

/** The tasks of one stream, by the hash of their prompt; the newest last. */
class Stream {
  readonly tasks = new Map<string, PlainTask>();
  /** The task of calls without a prompt. */
  current: PlainTask | undefined;
  /** When its session ended; undefined if it has not. */
  endedAt: number | undefined;

  /** Adds a task. The calls without a prompt are of that task from now on. */
  add(task: PlainTask): void {
    const key = task.prompt?.hash ?? '';
    const last = this.tasks.get(key);
    if (last !== undefined) task.before = [...last.before, last.txn].slice(-MAX_BEFORE);
    this.tasks.delete(key);
    this.tasks.set(key, task);
    this.current = task;
    const [oldest] = this.tasks.keys();
    if (this.tasks.size > MAX_TASKS && oldest !== undefined) this.tasks.delete(oldest);
  }
}

/** The use or the end of a task that is not stored yet. */
interface PlainTaskChange {
  readonly txn: Txn;
  readonly usedAt: number;
  readonly endedAt: number | undefined;
}

interface PlainTasksParts {
  /** Returns the id of a new task. */
  readonly nextId: (now: Date) => string;
  /** Returns the keyed hash of a prompt; undefined if there is no key. */
  readonly hashPrompt: (prompt: string) => string | undefined;
  /** Returns when somebody ended a task; undefined if nobody did. */
  readonly endedAt: (txn: Txn) => Date | undefined;
}

/** A request without a token, and the settings that say when its task ends. */
interface PlainRequest {
  /** The id of the decision; empty if the request is only considered. */
  readonly id: string;
  readonly request: AccessRequest;
  readonly provenance: Provenance;
  readonly enforcementPoint: string;
  /** The prompt of the user; undefined if the request has none, or its caller may not say what the user asked for. */
  readonly prompt: string | undefined;
  /** A task that was unused for longer has ended. */
  readonly idleMs: number;
  readonly now: Date;
}

/** The task of a request. */
interface Placed {
  readonly txn: Txn;
  /** The part of the prompt that counts as the user's; undefined if the request has no prompt. */
  readonly prompt: string | undefined;
  /** The tasks of the same prompt that it follows: what a person approved for one call of them can come later. */
  readonly before: readonly Txn[];
  /** How the task began, if this request begins it. */
  readonly began: Began | undefined;
}

/**
 * The tasks of requests that come without a token. A task belongs to the enforcement point and the identities of its requests, and begins
 * with a prompt, a session, the id that a host gives it, or the first call. It ends with its session, when somebody ends it, or when it was
 * not used for a while. A caller can choose which of its own tasks a call is of, and no other.
 */
export class PlainTasks {
  /** The streams of a session by their key. A stream of no session is alone. */
  private readonly sessions = new Map<string, Map<string, Stream>>();
  private count = 0;
  private last: { readonly session: string; readonly key: string; readonly stream: Stream } | undefined;
  /** The tasks of the last decisions, for calls that wait and are decided again. */
  private readonly recent = new BoundedCache<string, { readonly key: string; readonly task: PlainTask }>(MAX_RECENT);
  private readonly unsaved = new Map<Txn, PlainTaskChange>();

  constructor(private readonly parts: PlainTasksParts) {}

  /** Continues the tasks from before the start, in the order in which they began. */
  restore(kept: readonly KeptPlainTask[]): void {
    for (const { stream: key, txn, prompt, usedAt, endedAt } of kept) {
      const { enforcementPoint, conversation } = sessionIn(key);
      const stream = this.streamOf(sessionKey(enforcementPoint, conversation, key), key);
      stream.add({ txn, prompt, usedAt, endedAt, before: [] });
      stream.endedAt = endedAt;
    }
  }

  /** Returns the task of a request; begins one if the request continues none. Undefined if its session has ended. */
  of(plain: PlainRequest): Placed | undefined {
    const { request, prompt, now } = plain;
    const [session, key] = keysOf(plain);
    const stream = this.streamOf(session, key);
    if (stream.endedAt !== undefined) {
      if (!isIdle(stream.endedAt, plain)) return undefined;
      stream.endedAt = undefined;
      stream.tasks.clear();
      stream.current = undefined;
    }
    const hash = prompt === undefined ? undefined : this.hash(prompt);
    const known = this.waited(key, plain) ?? this.continued(stream, hash, plain);
    const task = known ?? this.begin(stream, hash, plain);
    // A call that waited does not bring the prompt back that it began with.
    if (hash !== undefined && request.context?.again === undefined) stream.current = task;
    this.recent.set(plain.id, { key, task });
    if (this.parts.endedAt(task.txn) === undefined) {
      task.usedAt = Math.max(task.usedAt, now.getTime());
      // hot: most calls are of a task whose use is not stored yet.
      if (!this.unsaved.has(task.txn)) this.unsaved.set(task.txn, task);
    }
    return {
      txn: task.txn,
      before: task.before,
      prompt: prompt?.slice(task.prompt?.from),
      began: known === undefined ? beganOf(request, task) : undefined,
    };
  }

  /** Returns the task that a request would continue; undefined if it would begin one. Changes nothing. */
  wouldContinue(plain: PlainRequest): Txn | undefined {
    const [session, key] = keysOf(plain);
    const stream = this.sessions.get(session)?.get(key);
    if (stream === undefined || stream.endedAt !== undefined) return undefined;
    const { prompt } = plain;
    return this.continued(stream, prompt === undefined ? undefined : this.hash(prompt), plain)?.txn;
  }

  /** Ends the tasks of a session of an enforcement point: no call continues them. @returns those that had not ended */
  endSession(enforcementPoint: string, conversation: string, now: Date): readonly Txn[] {
    const streams = this.sessions.get(sessionKey(enforcementPoint, conversation, ''));
    const ended: Txn[] = [];
    for (const stream of streams?.values() ?? []) {
      if (stream.endedAt !== undefined) continue;
      stream.endedAt = now.getTime();
      for (const task of stream.tasks.values()) {
        task.endedAt = stream.endedAt;
        this.unsaved.set(task.txn, task);
        if (this.parts.endedAt(task.txn) === undefined) ended.push(task.txn);
      }
    }
    return ended;
  }

  /** Returns the use of a task, as far as it is not stored yet. */
  unsavedUse(txn: Txn): Pick<PlainTaskChange, 'usedAt' | 'endedAt'> | undefined {
    return this.unsaved.get(txn);
  }

  /** Returns the changes since the last call, to store them. */
  takeUnsaved(): readonly PlainTaskChange[] {
    const changes = [...this.unsaved.values()].map(({ txn, usedAt, endedAt }) => ({ txn, usedAt, endedAt }));
    this.unsaved.clear();
    return changes;
  }

  /** Returns changes that could not be stored to those that are not stored yet. */
  putBack(changes: readonly PlainTaskChange[]): void {
    for (const change of changes) if (!this.unsaved.has(change.txn)) this.unsaved.set(change.txn, change);
  }

  private streamOf(session: string, key: string): Stream {
    // hot: the stream that was used last is already the last to be forgotten.
    if (this.last?.key === key && this.last.session === session) return this.last.stream;
    const stream = this.use(session, key);
    this.last = { session, key, stream };
    return stream;
  }

  /** Returns a stream, and makes it the last to be forgotten. */
  private use(session: string, key: string): Stream {
    const streams = this.sessions.get(session) ?? new Map<string, Stream>();
    // The session that was used last is the last to be forgotten.
    this.sessions.delete(session);
    this.sessions.set(session, streams);
    const stream = streams.get(key) ?? new Stream();
    if (!streams.delete(key)) this.count += 1;
    streams.set(key, stream);
    const [oldest] = streams.keys();
    if (streams.size > MAX_OF_SESSION && oldest !== undefined && streams.delete(oldest)) this.count -= 1;
    for (const [unused, its] of this.sessions) {
      if (this.count <= MAX_STREAMS || unused === session) break;
      this.count -= its.size;
      this.sessions.delete(unused);
    }
    return stream;
  }

  /** Returns the task that a call was decided in before it waited; undefined if that is not known, or is not of this caller. */
  private waited(key: string, plain: PlainRequest): PlainTask | undefined {
    const { again } = plain.request.context ?? {};
    const found = typeof again === 'string' ? this.recent.get(again) : undefined;
    return found?.key === key ? this.unlessOver(found.task, plain) : undefined;
  }

  private continued(stream: Stream, hash: string | undefined, plain: PlainRequest): PlainTask | undefined {
    return this.unlessOver(hash === undefined ? stream.current : stream.tasks.get(hash), plain);
  }

  private unlessOver(task: PlainTask | undefined, plain: PlainRequest): PlainTask | undefined {
    const last = task && (this.parts.endedAt(task.txn)?.getTime() ?? task.usedAt);
    if (task === undefined || last === undefined || isIdle(last, plain)) return undefined;
    task.beganAt ??= decodeTime(task.txn);
    return plain.now.getTime() - task.beganAt > MAX_LIFE_MS ? undefined : task;
  }

  private begin(stream: Stream, hash: string | undefined, { prompt, now }: PlainRequest): PlainTask {
    const begun =
      hash === undefined || prompt === undefined
        ? undefined
        : { hash, length: prompt.length, from: this.newPartOf(prompt, stream) };
    const txn = this.parts.nextId(now) as Txn;
    const task: PlainTask = { txn, prompt: begun, usedAt: now.getTime(), endedAt: undefined, before: [] };
    stream.add(task);
    return task;
  }

  /** Returns where the part of a prompt begins that no earlier prompt has. */
  private newPartOf(prompt: string, { tasks }: Stream): number {
    const earlier = [...tasks.values()].flatMap(({ prompt: its }) => its ?? []).slice(-MAX_EARLIER);
    const repeated = earlier
      .filter(({ length }) => length > 0 && length < prompt.length && /[\r\n]/.test(prompt.charAt(length)))
      .sort((a, b) => b.length - a.length)
      .find(({ hash, length }) => this.hash(prompt.slice(0, length)) === hash);
    return repeated?.length ?? 0;
  }

  private hash(prompt: string): string {
    return this.parts.hashPrompt(prompt) ?? createHash('sha256').update(prompt).digest('base64url');
  }
}

/** Returns whether a task that was last used at a time has ended. Of a clock that was put back, nothing ends. */
function isIdle(at: number, { now, idleMs }: PlainRequest): boolean {
  return now.getTime() - at > idleMs;
}

/** Returns the keys of the session and of the stream of a request. */
function keysOf({ request, provenance, enforcementPoint }: PlainRequest): [session: string, stream: string] {
  const conversation = conversationOf(request);
  const key = streamKey({
    enforcementPoint,
    originator: uidText(originatorOf(provenance)),
    actor: uidText(actorOf(provenance)),
    name: nameOf(request),
    conversation,
  });
  return [sessionKey(enforcementPoint, conversation, key), key];
}

function sessionKey(enforcementPoint: string, conversation: string | undefined, stream: string): string {
  return conversation === undefined ? stream : JSON.stringify([partOf(enforcementPoint), partOf(conversation)]);
}

function nameOf({ context }: AccessRequest): string | undefined {
  return typeof context?.task === 'string' ? context.task : undefined;
}

function beganOf(request: AccessRequest, { prompt }: PlainTask): Began {
  if (prompt !== undefined) return { by: 'prompt', prompt };
  if (conversationOf(request) !== undefined) return { by: 'session' };
  return { by: nameOf(request) === undefined ? 'call' : 'name' };
}
