import {
  CedarError,
  Entities,
  Entity,
  type EntityJson,
  type EntityUid,
  finish,
  type PreparedChange,
  type Schema,
  type Steps,
  uidText,
} from '@writ/cedar';
import type { FactMeta, FactRules } from './fact-rules.js';
import { LiveFacts } from './live-facts.js';

/** When a stored entity was stored, by whom, and what was said of its attributes. */
export interface StoredFacts extends EntityUid {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly by: string;
  readonly facts: Readonly<Record<string, FactMeta>> | undefined;
}

const NOTHING_SAID = {};

/** The facts that decisions read: those of the bundle, which are code, those of the entity store, and those that are fetched. */
export class Registry {
  /** The entities of the bundle, as `Type::"id"`: no caller changes those. */
  private readonly code = new Set<string>();

  private constructor(
    readonly entities: Entities,
    readonly live: LiveFacts,
    private readonly schema: Schema,
  ) {}

  /**
   * @param bundled the entities of the bundle
   * @throws {CedarError} `entities` when they are malformed or do not fit the schema
   */
  static load(bundled: readonly EntityJson[], schema: Schema, rules: FactRules): Registry {
    return finish(Registry.loading(bundled, schema, rules));
  }

  /** Loads it step by step, for a caller that does other work in between. @throws {CedarError} as {@link load} */
  static *loading(bundled: readonly EntityJson[], schema: Schema, rules: FactRules): Steps<Registry> {
    let entities: Entities | undefined;
    const live = new LiveFacts(() => entities as Entities, rules);
    entities = yield* Entities.loading(bundled, { schema, unknown: live.unknown });
    const registry = new Registry(entities, live, schema);
    for (const { uid: given } of bundled) {
      const uid = '__entity' in given ? given.__entity : given;
      registry.code.add(uidText(uid));
      live.bundled(uid, (entities.get(uid) as Entity).attributes);
      yield;
    }
    return registry;
  }

  /** Whether it is an entity of the bundle, or an action of its schema. */
  isCode(uid: EntityUid): boolean {
    return (this.code.size > 0 && this.code.has(uidText(uid))) || this.schema.action(uid) !== undefined;
  }

  /**
   * Reads a change of what is stored, without making it.
   *
   * @throws {CedarError} `entities` when one does not fit, or is an entity of the bundle
   */
  prepare(entities: readonly EntityJson[], removed: readonly EntityUid[] = []): PreparedChange {
    for (const { uid } of entities) {
      const plain = '__entity' in uid ? uid.__entity : uid;
      if (this.isCode(plain))
        throw new CedarError('entities', `${uidText(plain)} is in the bundle and in the entity store`, {
          help: 'take it out of one of them',
        });
    }
    return this.entities.prepare(entities, removed);
  }

  /** Records the sources and ages of stored attributes. */
  learn(stored: readonly StoredFacts[]): void {
    for (const one of stored) {
      const entity = this.entities.get(one) as Entity;
      this.live.stored(entity, entity.attributes, one.at, one.by, one.facts ?? NOTHING_SAID);
    }
  }

  forget(removed: readonly EntityUid[]): void {
    for (const uid of removed) this.live.removed(uid);
  }

  /** The entity of this uid, when the registry holds it. */
  resident(uid: EntityUid): Entity | undefined {
    const entity = this.entities.get(uid);
    return entity?.exists === true ? entity : undefined;
  }

  /** Returns an unknown entity: the facts that should be known of it are withheld. */
  unknown({ type, id }: EntityUid): Entity {
    const entity = new Entity(type, id);
    entity.attributes = this.live.unknown(entity) ?? entity.attributes;
    return entity;
  }

  /** The attributes of a type that are true for some time only, or fetched. */
  liveAttributes(type: string): Pick<ReadonlySet<string>, 'has'> | undefined {
    return this.live.attributesOf(type);
  }

  /**
   * The entity as a decision sees it, with attributes that came with the request. They fill in what the registry does not
   * hold, and never override what it does.
   *
   * @throws {CedarError} `request` when they do not fit the schema
   */
  withAttributes(uid: EntityUid, attributes: Readonly<Record<string, unknown>>): Entity {
    return this.entities.withAttributes(uid, attributes);
  }

  /** Whether the schema knows an attribute of this type. */
  declares(type: string, attribute: string): boolean {
    return this.schema.entityTypes.get(type)?.attributes.attributes.has(attribute) === true;
  }

  /** The attributes that the schema requires of an entity and that it does not have. */
  missingOf(entity: Entity): string[] {
    const missing: string[] = [];
    for (const [name, { required }] of this.schema.entityTypes.get(entity.type)?.attributes.attributes ?? []) {
      if (required && !entity.attributes.has(name)) missing.push(name);
    }
    return missing;
  }
}
