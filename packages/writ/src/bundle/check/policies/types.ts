import * as official from '@cedar-policy/cedar-wasm/nodejs';
import { type Schema, utf16Offset } from '@writ/cedar';
import { hasId, type PolicySource } from '../../policy-source.js';
import type { Find } from '../findings.js';

/** Checks the types of policies against the schema. The official validator does it, so `writ check` finds what `cedar validate` would. */
export const policyTypes = {
  code: 'policies/types',
  /** Needs no more of a bundle than this, so that the policies of a bundle with other errors are checked also. */
  check({ schema, sources }: { readonly schema: Schema; readonly sources: readonly PolicySource[] }, find: Find): void {
    const answer = official.validate({
      schema: schema.text,
      policies: { staticPolicies: Object.fromEntries(sources.map(({ source }, index) => [String(index), source])) },
    });
    if (answer.type === 'failure') {
      for (const { message, help } of answer.errors)
        find.in(sources[0]?.file ?? 'policies').error(message, help ?? undefined, 0);
      return;
    }
    const report = (severity: 'error' | 'warning', { policyId, error }: official.ValidationError): void => {
      const policy = sources[Number(policyId)];
      if (policy === undefined) throw new Error(`the validator names the policy ${policyId}, which it was not given`);
      const { id, file, offset, source } = policy;
      const subject = hasId(policy) ? `policy ${id}` : 'this policy';
      const start = error.sourceLocations?.[0]?.start ?? 0;
      const message = error.message.replace(/^for policy `[^`]*`, /, `${subject}: `);
      find.in(file)[severity](message, error.help ?? undefined, offset + utf16Offset(source, start));
    };
    for (const error of inOrder(answer.validationErrors)) report('error', error);
    for (const warning of inOrder(answer.validationWarnings)) report('warning', warning);
  },
};

/** Returns what the validator found, by policy, place and text: its own order differs from run to run. */
function inOrder(found: readonly official.ValidationError[]): official.ValidationError[] {
  const placeOf = ({ error }: official.ValidationError): number => error.sourceLocations?.[0]?.start ?? 0;
  return found.toSorted(
    (a, b) =>
      Number(a.policyId) - Number(b.policyId) ||
      placeOf(a) - placeOf(b) ||
      (a.error.message < b.error.message ? -1 : a.error.message > b.error.message ? 1 : 0),
  );
}
