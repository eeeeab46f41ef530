import type { CallingClient, Enforcer } from '@writ/enforce';
import { refusal } from './denial.js';

/**
 * Returns what an operation is about. One that cannot be read is no decision, and is counted as an attempt.
 *
 * @throws {ProtocolError} if `map` throws a `MappingError`
 */
export function decidable<T>(
  enforcer: Pick<Enforcer, 'mapped'>,
  { name, client }: { readonly name: string; readonly client: CallingClient },
  map: () => T,
): T {
  const mapped = enforcer.mapped(name, client, map);
  if (mapped.kind !== 'mapped') throw refusal(name, mapped);
  return mapped.value;
}
