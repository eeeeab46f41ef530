import { type EntityUid, sameUid } from '@writ/cedar';
import { isObject } from '@writ/sdk/lib/is-object';
import type { Txn } from '../lib/ids.js';
import type { Millis } from '../lib/units.js';
import type { Mandate } from './mandate.js';
import type { UsedProof } from './used-proof.js';

/** How well an identity is proved (docs/concepts.md, "Assurance"): none, asserted, authenticated, bound, chained. */
export type Assurance = 0 | 1 | 2 | 3 | 4;

/** The identities behind a request, and how they were proved. */
export interface Provenance {
  /** The originator, then each actor that delegated the work, to the present actor. */
  readonly path: readonly [EntityUid, ...EntityUid[]];
  /** That of the weakest identity of the path. */
  readonly assurance: Assurance;
  /** The transaction of its token; without a token, the task that it was found to be part of. */
  readonly txn?: Txn;
  /** Whether `txn` is the task of a request without a token. */
  readonly isPlain?: true;
  /** The scope of its token. */
  readonly scope?: readonly string[];
  /** The keyed hash of the prompt that the task started with. */
  readonly promptHash?: string;
  /** The mandate of its token. */
  readonly mandate?: Mandate;
  /** The details of the transaction, by its token (`tctx`). */
  readonly details?: Readonly<Record<string, unknown>>;
  /** The session that the task was started in, by its token. */
  readonly session?: string;
  /** The `jti` of its token, and of those that the token was made of. */
  readonly tokens?: readonly string[];
  /** When the originator proved who it is. */
  readonly provedAt?: Millis;
  /** The proof that was used for this request. */
  readonly usedProof?: UsedProof;
}

export function originatorOf(provenance: Provenance): EntityUid {
  return provenance.path[0];
}

export function actorOf(provenance: Provenance): EntityUid {
  return provenance.path[provenance.path.length - 1] as EntityUid;
}

/** The identities that an AuthZEN request names: its subject, and the agents at work for it. */
interface NamedIdentities {
  readonly subject: EntityUid;
  /** `subject.properties.act` (RFC 8693): the present actor outermost, those before it nested. */
  readonly act?: unknown;
  /** `context.agent` (COAZ): an id, or `{ type, id }`. */
  readonly agent?: unknown;
}

/** The type of an agent that is given by its id only. */
const AGENT_TYPE = 'Agent';
const MAX_DEPTH = 16;

/**
 * Returns one delegation path from all the places in which a request can name an agent. A name only adds an identity that must be
 * permitted too; it never replaces one.
 *
 * @returns the path, or a message if a name cannot be read
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

/** Returns the assurance of a path: that of its weakest member. */
export function assuranceOf(path: readonly { readonly assurance: Assurance }[]): Assurance {
  return Math.min(...path.map(({ assurance }) => assurance)) as Assurance;
}
