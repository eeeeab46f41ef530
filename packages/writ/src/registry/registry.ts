import { Entities, type Entity, type EntityJson, type EntityUid, type Schema, uidText } from '@writ/cedar';

/** The facts that decisions read: those of the bundle, which are code, and those of the entity store. */
export class Registry {
  private constructor(
    readonly entities: Entities,
    private readonly schema: Schema,
    /** The entities of the bundle, as `Type::"id"`: no caller changes those. */
    private readonly code: ReadonlySet<string>,
  ) {}

  /**
   * @param entities those of the bundle
   * @param stored those of the entity store
   * @throws {CedarError} `entities` when they are malformed, do not fit the schema, or one is in both
   */
  static load(entities: readonly EntityJson[], schema: Schema, stored: readonly EntityJson[] = []): Registry {
    const registry = Entities.fromJson([...entities, ...stored], { schema });
    const code = new Set(entities.map(({ uid }) => uidText('__entity' in uid ? uid.__entity : uid)));
    return new Registry(registry, schema, code);
  }

  isCode(uid: EntityUid): boolean {
    return this.code.has(uidText(uid));
  }

  /** The entity of this uid, when the registry holds it. */
  resident(uid: EntityUid): Entity | undefined {
    const entity = this.entities.get(uid);
    return entity?.exists === true ? entity : undefined;
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
