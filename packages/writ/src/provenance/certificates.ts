/** The names in a client certificate that a caller can be registered under: `URI:…` and `DNS:…` (RFC 5280, section 4.2.1.6). */

/**
 * Returns the subject alternative names of a certificate, as Node writes them. The list is empty if Node had to quote a name, because
 * such a name can look like two (CVE-2021-44532).
 */
function alternativeNames(subjectAltName: string | undefined): string[] {
  if (subjectAltName === undefined || subjectAltName.includes('"')) return [];
  return subjectAltName.split(', ').filter((name) => name.startsWith('URI:') || name.startsWith('DNS:'));
}

/**
 * Returns the one registered name of a certificate; undefined if it has none or several. A certificate with two SPIFFE ids is not a valid
 * SVID (SPIFFE X509-SVID, section 2).
 */
export function registeredName(
  subjectAltName: string | undefined,
  registered: ReadonlySet<string>,
): string | undefined {
  const names = alternativeNames(subjectAltName);
  if (names.filter((name) => name.startsWith('URI:spiffe://')).length > 1) return undefined;
  const matching = names.filter((name) => registered.has(name));
  return matching.length === 1 ? matching[0] : undefined;
}
