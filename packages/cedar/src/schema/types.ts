/** A type of the schema, with every name resolved (Cedar reference, "Schema"). */
export type CedarType =
  | { readonly kind: 'bool' | 'string' | 'long' }
  | { readonly kind: 'set'; readonly element: CedarType }
  | RecordType
  /** `ids`: those of an enumerated type. */
  | { readonly kind: 'entity'; readonly name: string; readonly ids: ReadonlySet<string> | undefined }
  | { readonly kind: 'extension'; readonly name: 'ipaddr' | 'decimal' | 'datetime' | 'duration' };

export interface RecordType {
  readonly kind: 'record';
  readonly attributes: ReadonlyMap<string, { readonly type: CedarType; readonly required: boolean }>;
}

/** A type as the schema text would write it. */
export function typeText(type: CedarType): string {
  switch (type.kind) {
    case 'bool':
      return 'Bool';
    case 'string':
      return 'String';
    case 'long':
      return 'Long';
    case 'set':
      return `Set<${typeText(type.element)}>`;
    case 'record':
      return 'record';
    default:
      return type.name;
  }
}
