import type { Policy, ScopeConstraint } from '../policy/ast.js';
import type { Entity, EntityUid } from '../values/entity.js';

/**
 * Finds the policies whose scope a request can match, without looking at the others. A tree of three levels (principal,
 * action, resource); at each, a policy stands under what its scope names there: nothing, a type, one entity, or an entity
 * that the request's is to be in. What is found is a superset: the whole condition is still evaluated.
 */
export class ScopeIndex<P> {
  private readonly root = new Level<Level<Level<P[]>>>();
  /** Of each part, the entities that a policy names in an `in`: the only ancestors worth looking up. */
  private readonly principalGroups = new Set<Entity>();
  private readonly actionGroups = new Set<Entity>();
  private readonly resourceGroups = new Set<Entity>();
  private caches = newCaches<Level<Level<P[]>>>();

  constructor(
    policies: Iterable<{ readonly policy: Policy; readonly item: P }>,
    private readonly entityOf: (uid: EntityUid) => Entity,
  ) {
    for (const { policy, item } of policies) this.add(policy, item);
  }

  private add(policy: Policy, item: P): void {
    const principal = this.slotOf(policy.principal, this.principalGroups);
    const resource = this.slotOf(policy.resource, this.resourceGroups);
    const actions = this.root.at(principal, () => new Level<Level<P[]>>());
    for (const action of this.actionSlots(policy)) {
      const items = actions.at(action, () => new Level<P[]>()).at(resource, () => []);
      if (items[items.length - 1] !== item) items.push(item);
    }
  }

  private slotOf(scope: ScopeConstraint, groups: Set<Entity>): Slot {
    if (scope.op === 'all') return { kind: 'any' };
    if (scope.op === 'is' && scope.within === undefined) return { kind: 'type', type: scope.entityType };
    const target = scope.op === 'is' ? scope.within : scope.target;
    if (target === undefined || 'slot' in target) return { kind: 'any' };
    const entity = this.entityOf(target.uid);
    if (scope.op === '==') return { kind: 'is', entity };
    groups.add(entity);
    return { kind: 'in', entity };
  }

  private actionSlots({ action }: Policy): Slot[] {
    if (action.op === 'all') return [{ kind: 'any' }];
    if (action.op === '==') return [{ kind: 'is', entity: this.entityOf(action.uid) }];
    return action.uids.map((uid) => {
      const entity = this.entityOf(uid);
      this.actionGroups.add(entity);
      return { kind: 'in', entity };
    });
  }

  /** The hierarchy has changed: what was remembered of it no longer holds. */
  forget(): void {
    this.caches = newCaches<Level<Level<P[]>>>();
  }

  /** Adds to `out` what the scopes of a request can match. An item can be added twice (through two action groups). */
  find(principal: Entity, action: Entity, resource: Entity, out: P[]): void {
    const { principals, actions, resources } = this.caches;
    const actionIn = groupsOf(action, this.actionGroups, actions);
    const resourceIn = groupsOf(resource, this.resourceGroups, resources);
    for (const byAction of this.levelsOf(principal, principals)) {
      byAction.each(action, actionIn, (byResource) => {
        byResource.each(resource, resourceIn, (items) => {
          for (const item of items) out.push(item);
        });
      });
    }
  }

  /** The subtrees of a principal, remembered: one principal asks often. */
  private levelsOf(principal: Entity, cache: Map<Entity, Level<Level<P[]>>[]>): Level<Level<P[]>>[] {
    let levels = cache.get(principal);
    if (levels === undefined) {
      const found: Level<Level<P[]>>[] = [];
      const groups: Entity[] = this.principalGroups.has(principal) ? [principal] : [];
      for (const ancestor of principal.ancestors) if (this.principalGroups.has(ancestor)) groups.push(ancestor);
      this.root.each(principal, groups, (level) => found.push(level));
      levels = found;
      remember(cache, principal, levels);
    }
    return levels;
  }
}

type Slot =
  | { readonly kind: 'any' }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'is' | 'in'; readonly entity: Entity };

class Level<T> {
  private any: T | undefined;
  private types: Map<string, T> | undefined;
  private is: Map<Entity, T> | undefined;
  private within: Map<Entity, T> | undefined;

  at(slot: Slot, make: () => T): T {
    switch (slot.kind) {
      case 'any':
        this.any ??= make();
        return this.any;
      case 'type':
        this.types ??= new Map();
        return getOrMake(this.types, slot.type, make);
      case 'is':
        this.is ??= new Map();
        return getOrMake(this.is, slot.entity, make);
      case 'in':
        this.within ??= new Map();
        return getOrMake(this.within, slot.entity, make);
    }
  }

  each(entity: Entity, groups: readonly Entity[], visit: (child: T) => void): void {
    if (this.any !== undefined) visit(this.any);
    if (this.types !== undefined) {
      const child = this.types.get(entity.type);
      if (child !== undefined) visit(child);
    }
    if (this.is !== undefined) {
      const child = this.is.get(entity);
      if (child !== undefined) visit(child);
    }
    if (this.within !== undefined) {
      for (const group of groups) {
        const child = this.within.get(group);
        if (child !== undefined) visit(child);
      }
    }
  }
}

function getOrMake<K, T>(map: Map<K, T>, key: K, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

const MAX_REMEMBERED = 100_000;

function newCaches<T>(): {
  principals: Map<Entity, T[]>;
  actions: Map<Entity, Entity[]>;
  resources: Map<Entity, Entity[]>;
} {
  return { principals: new Map(), actions: new Map(), resources: new Map() };
}

function remember<T>(cache: Map<Entity, T>, entity: Entity, value: T): void {
  // What is not in the store is gone after the request.
  if (!entity.canonical) return;
  if (cache.size >= MAX_REMEMBERED) cache.clear();
  cache.set(entity, value);
}

/** Of an entity and its ancestors, those that policies name. */
function groupsOf(entity: Entity, named: ReadonlySet<Entity>, cache: Map<Entity, Entity[]>): readonly Entity[] {
  if (named.size === 0) return NO_GROUPS;
  let groups = cache.get(entity);
  if (groups === undefined) {
    groups = named.has(entity) ? [entity] : [];
    for (const ancestor of entity.ancestors) if (named.has(ancestor)) groups.push(ancestor);
    remember(cache, entity, groups);
  }
  return groups;
}

const NO_GROUPS: readonly Entity[] = [];
