import { domainOf } from '../../lib/domain.js';
import { integrityLevel, type Labels } from './labels.js';

/** A value of an answer. */
interface Sendable {
  readonly at: string;
  readonly value: string | number | boolean;
  readonly labels: Labels;
  readonly kind: string | undefined;
}

const ATTESTED = integrityLevel('attested');

/**
 * Returns the values of an answer with the domain of who sent them. A sender counts if its field is one address, is said to be one, and
 * is `attested` or more.
 *
 * @param senderAt by value, the place of the field that says who sent it
 */
export function withSenders<Value extends Sendable>(
  leaves: readonly Value[],
  senderAt: ReadonlyMap<Value, string>,
): (Value & { readonly sentBy?: string })[] {
  const fields = new Map<string, Value[]>();
  const wanted = new Set(senderAt.values());
  for (const leaf of leaves) if (wanted.has(leaf.at)) fields.set(leaf.at, [...(fields.get(leaf.at) ?? []), leaf]);
  return leaves.map((leaf) => {
    const at = senderAt.get(leaf);
    const sentBy = at === undefined ? undefined : senderIn(fields.get(at) ?? []);
    return sentBy === undefined ? leaf : { ...leaf, sentBy };
  });
}

function senderIn([field, ...more]: readonly Sendable[]): string | undefined {
  if (field === undefined || more.length > 0 || field.kind !== 'email') return undefined;
  if (integrityLevel(field.labels.integrity) < ATTESTED || typeof field.value !== 'string') return undefined;
  // The name before an address is anybody's.
  const address = /^[^<>"]{0,200}<([^<>\s]+)>$/.exec(field.value.trim())?.[1] ?? field.value.trim();
  return address.includes('@') && !/[,;%!]/.test(address) ? domainOf(address) : undefined;
}
