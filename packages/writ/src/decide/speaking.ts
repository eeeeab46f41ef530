import { type EntityUid, uidText } from '@writ/cedar';

/** The identities that a caller may name without a token. A caller without such a bound may name any. */
export interface Speaking {
  /** Returns whether it may say that this path acts: the originator, then the agent at work for it. */
  covers(path: readonly EntityUid[]): boolean;
  /** The one path that it may name, the originator first; undefined if it may name several. */
  readonly path?: readonly EntityUid[] | undefined;
  /** The identities, for messages. */
  readonly whom: string;
  /** The way to a key that speaks for others. */
  readonly help: string;
}

/** Bounds a caller to one agent at work for one person, or to one of the two alone. */
export function speaksFor(agent: EntityUid | undefined, originator: EntityUid | undefined): Speaking {
  const own = [originator, agent].filter((uid) => uid !== undefined);
  return {
    path: own.length === 0 ? undefined : own,
    covers: (path) => path.length === own.length && path.every((uid, i) => isSame(uid, own[i])),
    whom: `${own.map(uidText).join(' > ')} alone`,
    help: 'give each agent a key of its own: writ caller add NAME --for PERSON --agent AGENT',
  };
}

/** Bounds a caller to the agent of its own name, which is never a person. */
export function speaksForItself(name: string, people: readonly string[]): Speaking {
  return {
    covers: ([uid, ...others]) => others.length === 0 && uid?.id === name && !people.includes(uid.type),
    whom: `the agent of its own name alone, as Agent::${JSON.stringify(name)},`,
    help: `give each agent a key of its own: writ caller add NAME --for PERSON --agent AGENT; or declare an enforcement point in callers of writ.yaml, as in callers: { ${name}: {} }`,
  };
}

function isSame(uid: EntityUid, other: EntityUid | undefined): boolean {
  return uid.type === other?.type && uid.id === other.id;
}
