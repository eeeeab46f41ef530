import { isObject } from '@writ/sdk/lib/is-object';
import type { CelRecord } from '../../ledger/accumulators/environment.js';

const MAX_DEPTH = 16;
const PLAIN: Readonly<Record<string, string>> = { string: 'string', integer: 'int', boolean: 'bool' };

/** Returns the CEL type of the values of a JSON Schema. A part that says no single type can be anything. */
export function celTypeOfSchema(schema: unknown, depth = 0): string | CelRecord {
  if (!isObject(schema) || depth >= MAX_DEPTH || typeof schema.type !== 'string') return 'dyn';
  const { type, properties, items } = schema;
  if (type === 'array') {
    const item = celTypeOfSchema(items, depth + 1);
    return typeof item === 'string' ? `list<${item}>` : 'list<dyn>';
  }
  if (type !== 'object') return PLAIN[type] ?? 'dyn';
  // An object that may have other members than those that are named.
  if (!isObject(properties) || isObject(schema.additionalProperties)) return 'dyn';
  const members = Object.entries(properties).map(([name, one]) => [name, celTypeOfSchema(one, depth + 1)]);
  return Object.fromEntries(members);
}
