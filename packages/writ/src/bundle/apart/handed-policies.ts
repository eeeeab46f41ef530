import { deserialize, serialize } from 'node:v8';
import type { Policy, Steps } from '@writ/cedar';

/**
 * Policies as another process hands them over. All but their names stays bytes, outside of the heap, and is read when it is asked for:
 * the garbage collector has less to move, which would stop decisions.
 */

type Body = Omit<Policy, 'id' | 'effect' | 'source'>;

/** Some policies. */
export interface PolicyBatch {
  readonly heads: readonly (readonly [id: string, effect: Policy['effect'], file: string])[];
  /** The bodies of all, one after another. */
  readonly bodies: Uint8Array;
  /** The end of the body of each. */
  readonly ends: readonly number[];
}

const BATCH = 25;

/** Yields policies in batches. @param fileOf the file of a policy, by its id */
export function* batchesOf(policies: Iterable<Policy>, fileOf: (id: string) => string): Generator<PolicyBatch> {
  const all = [...policies];
  for (let from = 0; from < all.length; from += BATCH) {
    const some = all.slice(from, from + BATCH);
    const bodies = some.map(({ annotations, principal, action, resource, conditions }) =>
      serialize({ annotations: { ...annotations }, principal, action, resource, conditions } satisfies Body),
    );
    let end = 0;
    const ends = bodies.map(({ length }) => {
      end += length;
      return end;
    });
    const heads = some.map(({ id, effect }) => [id, effect, fileOf(id)] as const);
    yield { heads, bodies: new Uint8Array(Buffer.concat(bodies)), ends };
  }
}

/** The policy that was read last: it is often asked for several parts in a row. */
let lastRead: { readonly policy: HandedPolicy; readonly body: Body } | undefined;

/** A policy that was handed over, and its file. */
class HandedPolicy implements Policy {
  private known: Policy['annotations'] | undefined;

  constructor(
    readonly id: string,
    readonly effect: Policy['effect'],
    readonly file: string,
    private readonly bodies: Uint8Array,
    private readonly start: number,
    private readonly end: number,
  ) {}

  /** Decisions read them again and again. */
  get annotations(): Policy['annotations'] {
    // A name such as `constructor` is no annotation.
    const none = Object.create(null) as Record<string, string>;
    this.known ??= Object.freeze(Object.assign(none, this.body.annotations));
    return this.known;
  }

  get principal(): Policy['principal'] {
    return this.body.principal;
  }

  get action(): Policy['action'] {
    return this.body.action;
  }

  get resource(): Policy['resource'] {
    return this.body.resource;
  }

  get conditions(): Policy['conditions'] {
    return this.body.conditions;
  }

  private get body(): Body {
    if (lastRead?.policy !== this)
      lastRead = { policy: this, body: deserialize(this.bodies.subarray(this.start, this.end)) as Body };
    return lastRead.body;
  }
}

/** Makes policies that were handed over, step by step. */
export function* readingPolicies(batches: readonly PolicyBatch[]): Steps<HandedPolicy[]> {
  const policies: HandedPolicy[] = [];
  let lastFile = '';
  for (const { heads, bodies, ends } of batches) {
    for (const [i, [id, effect, file]] of heads.entries()) {
      // One text for all policies of a file.
      if (file !== lastFile) lastFile = file;
      policies.push(new HandedPolicy(id, effect, lastFile, bodies, ends[i - 1] ?? 0, ends[i] as number));
    }
    yield;
  }
  return policies;
}
