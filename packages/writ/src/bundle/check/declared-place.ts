import type { DeclaredAt } from '../../ledger/errors.js';
import type { At } from './findings.js';
import { keyAt, valueAt } from './yaml-places.js';

/** Returns the place of a mistake in a declaration. @param way the way to the declaration; the place of a mistake without one */
export function declaredPlace(way: readonly PropertyKey[], at: DeclaredAt | undefined): At {
  if (at === undefined) return way;
  const path = [...way, ...at.path];
  return at.isKey === true ? keyAt(path, at.offset) : valueAt(path, at.offset);
}
