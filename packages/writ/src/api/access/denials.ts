import { type AccessRequest, isRequestable } from '@writ/sdk/authzen';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { AccessRequestError } from '../../access/errors.js';
import type { Denial } from '../../access/submission.js';
import { liftableBy, requestableUntil, takesRequests } from '../../decide/approval/approving.js';
import type { Decider } from '../../decide/decide.js';
import type { DecisionRecord } from '../../decide/record.js';
import type { AuthenticatedCaller } from '../http/callers.js';
import { Problem } from '../http/problem.js';

/** The denial that a request for access names (Access Request and Approval Profile, "Access Request Submission"). */
export const denialShape = z.looseObject({
  evaluation_id: z.string().min(1).max(64).optional(),
  expires_at: z.iso.datetime({ offset: true }),
  binding_token: z.string().optional(),
});
type DenialNamed = z.output<typeof denialShape>;

/** The accepted difference between the clocks of the two sides, in ms. */
const SKEW_MS = 30_000;

interface DenialParts {
  readonly decider: () => Decider;
  readonly find: (id: string) => Promise<DecisionRecord | undefined>;
  readonly clock: () => Date;
}

/**
 * Returns the denial that a request for access names, if it is recent, can be lifted, and is a denial of exactly this request by
 * this caller.
 *
 * @throws {AccessRequestError} `not_requestable`, `expired_denial`, `invalid_denial_binding`
 */
export async function boundDenial(
  { decider: deciderNow, find, clock }: DenialParts,
  { enforcementPoint }: AuthenticatedCaller,
  asked: AccessRequest,
  named: DenialNamed | undefined,
): Promise<Denial> {
  const decider = deciderNow();
  const { plane } = decider;
  if (named?.evaluation_id === undefined)
    throw unbound('denial.evaluation_id: name the decision; this service gives out no binding_token');
  if (named.binding_token !== undefined) throw unbound('denial.binding_token: it is not of this service');
  const record = await find(named.evaluation_id);
  // The message does not show whether another caller has a decision of this id.
  if (record === undefined || record.enforcementPoint !== enforcementPoint)
    throw unbound(`denial.evaluation_id: there is no decision ${named.evaluation_id} of ${enforcementPoint}`);
  if (!isRequestable(record) || !takesRequests(plane))
    throw new AccessRequestError('not_requestable', `${record.id} is nothing that somebody could lift`);
  const until = requestableUntil(record);
  if (Date.parse(named.expires_at) !== Date.parse(until))
    throw unbound('denial.expires_at: it is not the one that was given with the denial');
  if (Date.parse(until) + SKEW_MS < clock().getTime())
    throw new AccessRequestError('expired_denial', `${record.id} could be asked for until ${until}; evaluate again`);
  if (record.policyVersion !== plane.policyVersion)
    throw new AccessRequestError('expired_denial', `the policies have changed since ${record.id}; evaluate again`);
  if (record.binding === undefined || decider.bindingOf(asked) !== record.binding)
    throw unbound(`subject, action, resource or context are not those of ${record.id}`);
  return { record, ...liftableBy(plane, record), task: decider.taskKeyOf(record) };
}

function unbound(message: string): AccessRequestError {
  return new AccessRequestError('invalid_denial_binding', message);
}

/** Checks a request against the form of its template. @throws {Problem} 400 */
export function checkForm(decider: Decider, template: string, form: Readonly<Record<string, unknown>>): void {
  const { forms, registry } = decider.plane;
  const declared = forms.get(template);
  if (declared === undefined) return;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const validate = ajv.compile(declared.schema);
  if (!validate(form)) throw new Problem(400, ajv.errorsText(validate.errors, { dataVar: 'the request' }));
  for (const [pointer, { type }] of Object.entries(declared.catalogs)) {
    const value = valueAt(form, pointer);
    if (value === undefined) continue;
    if (typeof value !== 'string' || registry.resident({ type, id: value }) === undefined)
      throw new Problem(400, `${pointer}: ${JSON.stringify(value)} is not one of its catalog`);
  }
}

/** RFC 6901. */
function valueAt(whole: unknown, pointer: string): unknown {
  let at = whole;
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}
