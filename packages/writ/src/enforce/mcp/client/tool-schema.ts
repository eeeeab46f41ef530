import { JsonSchema } from '../../../lib/json-schema/json-schema.js';
import type { Tool } from '../protocol/call.js';

/**
 * Returns a function from arguments to their error by the input schema of a tool; undefined if they fit. Arguments that
 * cannot be checked within bounds do not fit.
 */
export function validatorOf({ inputSchema }: Tool): (input: unknown) => string | undefined {
  const schema = new JsonSchema(inputSchema);
  return (input) => schema.errorOf(input, 'arguments');
}
