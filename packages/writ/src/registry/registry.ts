import { Entities, type Entity, type EntityJson, type EntityUid, type Schema } from '@writ/cedar';

/** The facts that decisions read. So far those of the bundle, which are code. */
export class Registry {
  private constructor(readonly entities: Entities) {}

  /** @throws {CedarError} `entities` when they are malformed or do not fit the schema */
  static load(entities: readonly EntityJson[], schema: Schema): Registry {
    return new Registry(Entities.fromJson(entities, { schema }));
  }

  /**
   * The entity as a decision sees it. Properties that came with the request fill in attributes that the registry does
   * not hold; they never override one.
   *
   * @throws {CedarError} `request` when the properties do not fit the schema
   */
  find(uid: EntityUid, properties?: Readonly<Record<string, unknown>>): Entity {
    return this.entities.withAttributes(uid, properties ?? {});
  }
}
