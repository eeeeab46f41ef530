import { compile, Entities } from '@writ/cedar';
import type { ServedBundle } from '../bundle/bundle.js';
import { inProcess } from './caller.js';
import { SelfTestError } from './errors.js';
import type { PolicyPlane } from './plane.js';
import { offlineDecider } from './plane-of.js';

/** Answers that are known, whatever the bundle. */
const KNOWN = [
  ['', 'deny'],
  ['permit(principal, action, resource);', 'allow'],
  ['permit(principal, action, resource); forbid(principal == T::"a", action, resource);', 'deny'],
  ['permit(principal, action, resource) when { context has x };', 'deny'],
  ['permit(principal, action, resource) when { principal.x };', 'deny'],
] as const;

/**
 * Tests a bundle, before it is used, with questions whose answers are known.
 *
 * @throws {SelfTestError} if an answer differs
 */
export async function selfTest(bundle: ServedBundle, plane: PolicyPlane): Promise<void> {
  const uid = { type: 'T', id: 'a' };
  for (const [policies, expected] of KNOWN) {
    const request = { principal: uid, action: { type: 'Action', id: 'a' }, resource: uid };
    const { decision } = compile({ policies }).isAuthorized(request, Entities.fromJson([]));
    if (decision !== expected) throw new SelfTestError(`the engine answers ${decision} to ${policies || 'no policy'}`);
  }
  let recorded = 0;
  const log = {
    append: async (entries: readonly unknown[]) => {
      recorded += entries.length;
    },
  };
  const decider = offlineDecider(bundle, log, () => new Date(), { plane });
  const unknown = { subject: uid, action: { name: 'writ:self-test' }, resource: uid };
  const { result } = await decider.decide(unknown, inProcess('self-test'), undefined);
  if (result !== 'deny') throw new SelfTestError(`an unknown action is answered with ${result}`);
  if (recorded !== 1) throw new SelfTestError('a decision was not put on the record');
  const nobody = { name: 'nobody', roles: [], method: 'none' } as const;
  for (const area of ['policy', 'entities', 'revocations']) {
    if (bundle.servicePolicy.permits(nobody, 'write', { type: 'Area', id: area }))
      throw new SelfTestError(`the service policies let anybody write ${area}`, 'see the bundle, service/');
  }
}
