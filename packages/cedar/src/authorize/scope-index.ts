import type { Policy, ScopeConstraint } from '../policy/ast.js';
import type { EntityUid } from '../values/uid.js';
import type { Entity } from '../values/value.js';

/**
 * Finds the policies whose scope a request can match, without looking at the others. A tree of three levels (principal,
 * action, resource); at each, a policy stands under what its scope names there: nothing, a type, one entity, or an entity
 * that the request's is to be in. By principal and action what is found is exact, but for the type of an `is … in`; by
 * resource it is a superset. So those two need not be tested again (`unindexedOf`), and everything else is.
 */
export class ScopeIndex<P> {
  private readonly root = new Level<Level<Level<P[]>>>();
  /** Of each part, the entities that a policy names in an `in`: the only ancestors worth looking up. */
  private readonly principalGroups = new Set<Entity>();
  private readonly actionGroups = new Set<Entity>();
  private readonly resourceGroups = new Set<Entity>();
  /** Goes up when what was remembered no longer holds. */
  private generation = 0;

  constructor(private readonly entityOf: (uid: EntityUid) => Entity) {}

  add(policy: Policy, item: P): void {
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
    this.generation += 1;
  }

  /**
   * Adds to `out` what the scopes of a request can match; a part that is not known can be anything. An item can be added
   * twice (through two action groups).
   */
  find(principal: Entity | undefined, action: Entity | undefined, resource: Entity | undefined, out: P[]): void {
    const found =
      principal === undefined || action === undefined
        ? this.lookUp(principal, action)
        : this.remembered(this.memoOf(principal), principal, action);
    for (const item of found.items) out.push(item);
    if (found.byResource.length === 0) return;
    const groups = resource === undefined ? NO_GROUPS : this.resourceGroupsOf(resource);
    const lists: P[][] = [];
    for (const level of found.byResource) level.children(resource, groups, lists);
    for (const list of lists) for (const item of list) out.push(item);
  }

  /** One principal asks for the same few actions again and again. */
  private remembered(memo: Memo<P>, principal: Entity, action: Entity): Found<P> {
    const at = memo.actions.indexOf(action);
    if (at !== -1) return memo.found[at] as Found<P>;
    const found = this.lookUp(principal, action);
    if (memo.actions.length >= MAX_ACTIONS) {
      memo.actions.length = 0;
      memo.found.length = 0;
    }
    memo.actions.push(action);
    memo.found.push(found);
    return found;
  }

  private lookUp(principal: Entity | undefined, action: Entity | undefined): Found<P> {
    const byAction = this.root.children(principal, groupsOf(principal, this.principalGroups), []);
    const actionGroups = groupsOf(action, this.actionGroups);
    const levels: Level<P[]>[] = [];
    for (const level of byAction) level.children(action, actionGroups, levels);
    const items: P[] = [];
    const byResource: Level<P[]>[] = [];
    for (const level of levels) {
      const all = level.children(undefined, NO_GROUPS, []);
      const few = all.reduce((n, list) => n + list.length, 0) <= FEW;
      // A few are cheaper to evaluate than to choose from.
      if (few) for (const list of all) items.push(...list);
      else byResource.push(level);
    }
    return { items, byResource };
  }

  private resourceGroupsOf(resource: Entity): readonly Entity[] {
    if (this.resourceGroups.size === 0) return NO_GROUPS;
    const memo = this.memoOf(resource);
    memo.groups ??= groupsOf(resource, this.resourceGroups);
    return memo.groups;
  }

  private memoOf(entity: Entity): Memo<P> {
    let memo = entity.memo as Memo<P> | undefined;
    if (memo === undefined || memo.owner !== this || memo.generation !== this.generation) {
      memo = { owner: this, generation: this.generation, actions: [], found: [], groups: undefined };
      entity.memo = memo;
    }
    return memo;
  }
}

/** What is left of the index once principal and action are known. */
interface Found<P> {
  readonly items: readonly P[];
  readonly byResource: readonly Level<P[]>[];
}

/** Kept on the entity itself: a decision about it has that in reach. */
interface Memo<P> {
  readonly owner: ScopeIndex<P>;
  readonly generation: number;
  readonly actions: Entity[];
  readonly found: Found<P>[];
  groups: readonly Entity[] | undefined;
}

const FEW = 4;
const MAX_ACTIONS = 16;

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

  /** Adds the children that an entity can match; those of every entity, when it is not known. */
  children(entity: Entity | undefined, groups: readonly Entity[], out: T[]): T[] {
    if (this.any !== undefined) out.push(this.any);
    if (entity === undefined) {
      for (const map of [this.types, this.is, this.within]) for (const child of map?.values() ?? []) out.push(child);
      return out;
    }
    if (this.types !== undefined) pushIf(this.types.get(entity.type), out);
    if (this.is !== undefined) pushIf(this.is.get(entity), out);
    if (this.within !== undefined) for (const group of groups) pushIf(this.within.get(group), out);
    return out;
  }
}

function pushIf<T>(child: T | undefined, out: T[]): void {
  if (child !== undefined) out.push(child);
}

function getOrMake<K, T>(map: Map<K, T>, key: K, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

const NO_GROUPS: readonly Entity[] = [];

/** Of an entity and its ancestors, those that policies name. */
function groupsOf(entity: Entity | undefined, named: ReadonlySet<Entity>): readonly Entity[] {
  if (entity === undefined || named.size === 0) return NO_GROUPS;
  const groups = named.has(entity) ? [entity] : [];
  for (const ancestor of entity.ancestors) if (named.has(ancestor)) groups.push(ancestor);
  return groups;
}
