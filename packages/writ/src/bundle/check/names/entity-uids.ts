import { isObject } from '@writ/sdk/lib/is-object';
import type { Bundle } from '../../bundle.js';

interface Named {
  readonly type: string;
  readonly id: string;
}

/** Yields the entities that the facts of a bundle are about. Facts of another form are passed over: `entities/types` is about them. */
export function* factsUids({ entities }: Pick<Bundle, 'entities'>): Generator<Named> {
  for (const entity of entities) yield* uidIn(isObject(entity) ? entity.uid : undefined);
}

/** Yields the groups that the facts of a bundle name. */
export function* factsGroups({ entities }: Pick<Bundle, 'entities'>): Generator<Named> {
  for (const entity of entities) {
    const parents: unknown = isObject(entity) ? entity.parents : undefined;
    if (Array.isArray(parents)) for (const parent of parents) yield* uidIn(parent);
  }
}

function* uidIn(json: unknown): Generator<Named> {
  const uid = isObject(json) && isObject(json.__entity) ? json.__entity : json;
  if (isObject(uid) && typeof uid.type === 'string' && typeof uid.id === 'string') yield { type: uid.type, id: uid.id };
}
