/** The type that Cedar has for what a JSON Schema admits, as the text of a schema; undefined when it has none. */
export function cedarTypeOf(schema: unknown, root: unknown = schema, depth = 0): string | undefined {
  if (depth > 8 || typeof schema !== 'object' || schema === null) return undefined;
  const {
    $ref,
    type,
    enum: values,
    anyOf,
    oneOf,
    allOf,
    items,
    properties,
    required,
    additionalProperties,
  } = schema as Record<string, unknown>;
  if (typeof $ref === 'string') return cedarTypeOf(referred($ref, root), root, depth + 1);
  const [only] = Array.isArray(allOf) && allOf.length === 1 ? allOf : [];
  if (only !== undefined) return cedarTypeOf(only, root, depth + 1);
  const choices = (anyOf ?? oneOf) as unknown;
  if (Array.isArray(choices)) return sameOf(choices, root, depth);
  if (Array.isArray(type))
    return sameOf(
      type.map((one) => ({ ...schema, type: one as unknown })),
      root,
      depth,
    );
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return 'String';
  switch (type) {
    case 'string':
      return 'String';
    case 'integer':
      return 'Long';
    case 'boolean':
      return 'Bool';
    case 'array': {
      const element = cedarTypeOf(items, root, depth + 1);
      return element === undefined ? undefined : `Set<${element}>`;
    }
    case 'object':
      // A record of whatever names has no type.
      return additionalProperties === undefined || additionalProperties === false
        ? recordType(properties, required, root, depth)
        : undefined;
    default:
      return undefined;
  }
}

/** `null` is the absence of an attribute. */
function sameOf(choices: readonly unknown[], root: unknown, depth: number): string | undefined {
  const others = choices.filter((choice) => (choice as { type?: unknown } | null)?.type !== 'null');
  const types = new Set(others.map((choice) => cedarTypeOf(choice, root, depth + 1)));
  const [type] = types;
  return types.size === 1 ? type : undefined;
}

function recordType(properties: unknown, required: unknown, root: unknown, depth: number): string | undefined {
  const known = Object.entries((properties ?? {}) as Record<string, unknown>);
  if (known.length === 0) return undefined;
  const needed = Array.isArray(required) ? (required as unknown[]) : [];
  const attributes: string[] = [];
  for (const [name, schema] of known) {
    const type = cedarTypeOf(schema, root, depth + 1);
    if (type === undefined) return undefined;
    attributes.push(`${JSON.stringify(name)}${needed.includes(name) && !admitsNull(schema) ? '' : '?'}: ${type}`);
  }
  return `{ ${attributes.join(', ')} }`;
}

/** Whether an argument may be `null`, which is as if it were not there. */
export function admitsNull(schema: unknown): boolean {
  const { type, anyOf, oneOf } = (schema ?? {}) as Record<string, unknown>;
  if (Array.isArray(type)) return type.includes('null');
  const choices = anyOf ?? oneOf;
  return Array.isArray(choices) && choices.some((choice) => (choice as { type?: unknown } | null)?.type === 'null');
}

/** `#/$defs/Name`, and nothing that is elsewhere. */
function referred(ref: string, root: unknown): unknown {
  if (!ref.startsWith('#/')) return undefined;
  let at = root;
  for (const part of ref.slice(2).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    at =
      typeof at === 'object' && at !== null && Object.hasOwn(at, name)
        ? (at as Record<string, unknown>)[name]
        : undefined;
  }
  return at;
}
