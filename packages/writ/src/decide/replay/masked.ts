/** The form of what stands in a record for a masked value (docs/record.schema.json). */
const MASKED = /^(dropped|hmac-sha256:[\w-]{43})$/;

/** Returns whether anything in a recorded value was masked. */
export function holdsMasked(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { masked } = value as { readonly masked?: unknown };
  if (typeof masked === 'string' && Object.keys(value).length === 1 && MASKED.test(masked)) return true;
  return Object.values(value).some(holdsMasked);
}
