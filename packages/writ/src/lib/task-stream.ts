import { createHash } from 'node:crypto';

/** The calls that belong to one piece of work, when they come without a token. A caller chooses the last two alone. */
interface TaskStream {
  /** The enforcement point that asks. */
  readonly enforcementPoint: string;
  /** As `Type::"id"`. */
  readonly originator: string;
  readonly actor: string;
  /** The name that the enforcement point gives the task; undefined if it gives none. */
  readonly name: string | undefined;
  /** The session, or the id that the host gives its task; undefined if the enforcement point names neither. */
  readonly conversation: string | undefined;
}

/** The most characters of a part that is kept as it is: callers choose names. */
const MAX_PART = 256;

/** Returns the key of a stream. No two share one. */
export function streamKey({ enforcementPoint, originator, actor, name, conversation }: TaskStream): string {
  return JSON.stringify([enforcementPoint, originator, actor, name, conversation].map(partOf));
}

/** Returns the enforcement point and the conversation of a key. */
export function sessionIn(key: string): {
  readonly enforcementPoint: string;
  readonly conversation: string | undefined;
} {
  const [enforcementPoint = '', , , , conversation] = JSON.parse(key) as (string | null)[];
  return { enforcementPoint: enforcementPoint ?? '', conversation: conversation ?? undefined };
}

/** Returns a part of a key: of a long text, its digest. */
export function partOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.length <= MAX_PART
    ? text
    : `sha-256 of ${text.length}: ${createHash('sha256').update(text).digest('hex')}`;
}

/** Returns the session of a request, or the id that its host gives the task. A task that has a name is one over all sessions. */
export function conversationOf({
  context,
}: {
  readonly context?: Readonly<Record<string, unknown>>;
}): string | undefined {
  const { conversation, session, task } = context ?? {};
  if (typeof conversation === 'string') return conversation;
  return typeof task !== 'string' && typeof session === 'string' ? session : undefined;
}
