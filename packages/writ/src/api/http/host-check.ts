import type { IncomingMessage } from 'node:http';
import type { KnownHosts } from '../../lib/known-hosts.js';
import { Problem } from './problem.js';
import type { Route } from './route.js';

/** Checks the name under which a request comes. @throws {Problem} 403 for another name, or a page of another */
export function checkHost(hosts: KnownHosts, access: Route['access'], request: IncomingMessage): void {
  const foreign = isForAnyName(access) ? undefined : hosts.foreignIn(request);
  if (foreign === undefined) return;
  const value = JSON.stringify(foreign.value);
  const what = foreign.header === 'Host' ? `as ${value}` : `pages of ${value}`;
  throw new Problem(403, `this service does not answer ${what}: see --allow-host`);
}

/** Health probes use the address of a container; an approval link is a credential, and its page sends no origin. */
function isForAnyName(access: Route['access']): boolean {
  return access.kind === 'open' || (access.kind === 'area' && access.area === 'metrics');
}
