import { CedarError } from '../errors.js';
import { uidText } from '../values/uid.js';
import type { Entity } from '../values/value.js';

const NONE: ReadonlySet<Entity> = new Set();

/**
 * The ancestors of some entities when their parents are what `parentsOf` says; those of all other entities are taken as
 * they are. Depth first and without recursion: a hierarchy may be deeper than the stack. Entities with the same single
 * parent share one set, which is what keeps a million of them small.
 *
 * @throws {CedarError} `entities` when the hierarchy has a cycle; nothing is changed then
 */
export function resolveAncestors(
  entities: ReadonlySet<Entity>,
  parentsOf: (entity: Entity) => ReadonlySet<Entity>,
): Map<Entity, ReadonlySet<Entity>> {
  const done = new Map<Entity, ReadonlySet<Entity>>();
  const open = new Set<Entity>();
  const withSelf = new Map<Entity, ReadonlySet<Entity>>();
  const ancestorsOf = (entity: Entity): ReadonlySet<Entity> =>
    entities.has(entity) ? (done.get(entity) as ReadonlySet<Entity>) : entity.ancestors;

  for (const start of entities) {
    const stack = [start];
    for (let entity = stack.at(-1); entity !== undefined; entity = stack.at(-1)) {
      if (done.has(entity)) {
        stack.pop();
      } else if (open.has(entity)) {
        stack.pop();
        open.delete(entity);
        done.set(entity, union(parentsOf(entity), ancestorsOf, withSelf));
      } else {
        open.add(entity);
        for (const parent of parentsOf(entity)) {
          if (open.has(parent)) throw cycle(parent);
          if (entities.has(parent) && !done.has(parent)) stack.push(parent);
        }
      }
    }
  }
  return done;
}

function union(
  parents: ReadonlySet<Entity>,
  ancestorsOf: (entity: Entity) => ReadonlySet<Entity>,
  withSelf: Map<Entity, ReadonlySet<Entity>>,
): ReadonlySet<Entity> {
  if (parents.size === 0) return NONE;
  const [only] = parents;
  if (parents.size === 1 && only !== undefined) {
    let shared = withSelf.get(only);
    if (shared === undefined) {
      shared = new Set([only, ...ancestorsOf(only)]);
      withSelf.set(only, shared);
    }
    return shared;
  }
  const all = new Set(parents);
  for (const parent of parents) for (const ancestor of ancestorsOf(parent)) all.add(ancestor);
  return all;
}

function cycle(at: Entity): CedarError {
  return new CedarError('entities', `${uidText(at)} is its own ancestor`, {
    help: 'the hierarchy of entities has no cycles; remove one of the parents',
  });
}
