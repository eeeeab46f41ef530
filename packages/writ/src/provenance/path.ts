import { type EntityUid, sameUid } from '@writ/cedar';
import type { Txn } from '../lib/ids.js';
import { isObject } from '../lib/is-object.js';
import type { Millis } from '../lib/units.js';
import type { Mandate } from './mandate.js';
import type { UsedProof } from './used-proof.js';

/** How well an identity is proved (docs/concepts.md, "Assurance"): none, asserted, authenticated, bound, chained. */
export type Assurance = 0 | 1 | 2 | 3 | 4;

/** Who asks: the originator, then each actor that handed the work on, to the present actor. */
export interface Provenance {
  readonly path: readonly [EntityUid, ...EntityUid[]];
  /** A path is as good as its weakest member. */
  readonly assurance: Assurance;
  /** The transaction, when a token told it. */
  readonly txn?: Txn;
  /** What the transaction is for. */
  readonly scope?: readonly string[];
  /** What stands for the prompt that it began with. */
  readonly promptHash?: string;
  /** What the task may do at most, when its token says so. */
  readonly mandate?: Mandate;
  /** The session that it was begun in, when its token says so. */
  readonly session?: string;
  /** The tokens that it rests on, by `jti`: the one that came, and those it was made of. */
  readonly tokens?: readonly string[];
  /** When the originator proved who it is. */
  readonly provedAt?: Millis;
  /** The proof that was taken for this request alone. */
  readonly usedProof?: UsedProof;
}

export function originatorOf(provenance: Provenance): EntityUid {
  return provenance.path[0];
}

export function actorOf(provenance: Provenance): EntityUid {
  return provenance.path[provenance.path.length - 1] as EntityUid;
}

/** What an AuthZEN request says of its subject and of the agents at work for it. */
interface NamedIdentities {
  readonly subject: EntityUid;
  /** `subject.properties.act` (RFC 8693): the present actor outermost, those before it nested. */
  readonly act?: unknown;
  /** `context.agent` (COAZ): an id, or `{ type, id }`. */
  readonly agent?: unknown;
}

/** The type that an agent has when only its id is given. */
const AGENT_TYPE = 'Agent';
const MAX_DEPTH = 16;

/**
 * One delegation path from all the places in which a request can name an agent. Being named only adds an identity that
 * must be permitted too; it never replaces one.
 *
 * @returns the path, or a message when what is named is not readable
 */
export function pathOf({ subject, act, agent }: NamedIdentities): readonly [EntityUid, ...EntityUid[]] | string {
  const chain: EntityUid[] = [];
  for (let at = act; at !== undefined; ) {
    if (chain.length >= MAX_DEPTH) return `the \`act\` chain is longer than ${MAX_DEPTH}`;
    const uid = agentUid(isObject(at) ? { type: at.type ?? AGENT_TYPE, id: at.sub ?? at.id } : undefined);
    if (uid === undefined) return '`act` must be an object with a string `sub`';
    chain.unshift(uid);
    at = (at as Record<string, unknown>).act;
  }
  if (agent !== undefined) {
    const uid = agentUid(agent);
    if (uid === undefined) return '`context.agent` must be an id or an object with `type` and `id`';
    chain.push(uid);
  }
  const path: [EntityUid, ...EntityUid[]] = [subject];
  for (const uid of chain) if (!path.some((known) => sameUid(known, uid))) path.push(uid);
  return path;
}

function agentUid(agent: unknown): EntityUid | undefined {
  if (typeof agent === 'string' && agent !== '') return { type: AGENT_TYPE, id: agent };
  if (!isObject(agent)) return undefined;
  const { type, id } = agent;
  return typeof type === 'string' && typeof id === 'string' && type !== '' && id !== '' ? { type, id } : undefined;
}
