import { type EntityUid, uidText } from '@writ/cedar/uid';
import type { Millis } from '../lib/units.js';

/** The kinds of thing that a revocation takes authority from. */
export const REVOCATION_KINDS = [
  /** Everything that anybody does, until a time. */
  'all',
  /** An identity, as `Type::"id"`, in every path that it is part of. */
  'identity',
  /** An identity in one task, with everything that it delegated there. */
  'delegation',
  'task',
  'session',
  /** A token by its `jti`, with the tokens derived from it; a token of another issuer as `issuer jti`. */
  'token',
  /** A version of an agent, as `Type::"id"@version`; or its manifest's hash. */
  'agent_version',
  'action',
  /** A tool of a server behind the gateway, as `server/tool`. */
  'tool',
  /** A server behind the gateway. */
  'upstream',
] as const;
/** The target of a revocation of everything. */
export const EVERYTHING = 'all';
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

/** A withdrawal of authority, with its author and reason. */
export interface Revocation {
  readonly id: string;
  readonly kind: RevocationKind;
  readonly target: string;
  /** The task of a delegation; undefined for the other kinds. */
  readonly task?: string | undefined;
  /**
   * Spares sessions that were proved after this time (RFC 3339). A session whose time of proof is not known is revoked.
   */
  readonly before?: string | undefined;
  /** When a revocation of everything ends by itself (RFC 3339); undefined for the other kinds. */
  readonly until?: string | undefined;
  readonly reason: string;
  readonly by: string;
  /** RFC 3339, UTC. */
  readonly at: string;
}

/** The parts of an action that a revocation can apply to. */
export interface Revocable {
  readonly path: readonly EntityUid[];
  readonly action: string;
  readonly task: string | undefined;
  /** The name that the enforcement point gives the task, if that is another. */
  readonly taskName?: string | undefined;
  readonly sessions: readonly string[] | undefined;
  /** The `jti` of the token that was sent, and of the tokens that it was derived from. */
  readonly tokens: readonly string[] | undefined;
  /** The versions of the agents of the path, and the hashes of their manifests. */
  readonly versions: readonly string[] | undefined;
  readonly upstream: string | undefined;
  readonly tool: string | undefined;
  /** When the originator proved its identity, in milliseconds since the epoch. */
  readonly provedAt: Millis | undefined;
}

/** Yields the keys of the revocations that would apply to an action. */
export function* keysOf(about: Revocable): Generator<string> {
  const { path, action, task, taskName, sessions, tokens, versions, upstream, tool } = about;
  yield keyOf({ kind: 'all', target: EVERYTHING });
  for (const uid of path) {
    const target = uidText(uid);
    yield keyOf({ kind: 'identity', target });
    if (task !== undefined) yield keyOf({ kind: 'delegation', target, task });
    if (taskName !== undefined) yield keyOf({ kind: 'delegation', target, task: taskName });
  }
  yield keyOf({ kind: 'action', target: action });
  if (task !== undefined) yield keyOf({ kind: 'task', target: task });
  if (taskName !== undefined) yield keyOf({ kind: 'task', target: taskName });
  for (const target of sessions ?? []) yield keyOf({ kind: 'session', target });
  for (const target of tokens ?? []) yield keyOf({ kind: 'token', target });
  for (const target of versions ?? []) yield keyOf({ kind: 'agent_version', target });
  if (upstream === undefined) return;
  yield keyOf({ kind: 'upstream', target: upstream });
  if (tool !== undefined) yield keyOf({ kind: 'tool', target: `${upstream}/${tool}` });
}

/** Returns whether one revocation, alone, denies an action. */
export function isAbout(revocation: Revocation, about: Revocable): boolean {
  const key = keyOf(revocation);
  for (const one of keysOf(about)) if (one === key) return isBefore(about, revocation);
  return false;
}

/** Returns whether the proof of an action is old enough for a revocation to apply. */
export function isBefore({ provedAt }: Revocable, { before }: Revocation): boolean {
  return before === undefined || provedAt === undefined || provedAt <= Date.parse(before);
}

/** Returns whether a revocation has ended by itself, at a time in ms since the epoch. */
export function hasEnded({ until }: Revocation, at: number): boolean {
  return until !== undefined && Date.parse(until) <= at;
}

/** Returns how far a revocation reaches: the time (ms since the epoch) of its end, or up to which sessions are revoked; else `Infinity`. */
export function reaches({ before, until }: Revocation): number {
  if (until !== undefined) return Date.parse(until);
  return before === undefined ? Infinity : Date.parse(before);
}

/** Returns the key of a revocation. No two share one: the kind is of a fixed set, and the task is quoted. */
export function keyOf({ kind, target, task }: Pick<Revocation, 'kind' | 'target' | 'task'>): string {
  return task === undefined ? `${kind}:${target}` : `${kind} in ${JSON.stringify(task)}:${target}`;
}
