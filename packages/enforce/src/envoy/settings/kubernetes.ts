import type { Cursor, Report } from './cursor.js';

/** Settings of Istio, Envoy Gateway and agentgateway that open what Writ is asked about, in resources of Kubernetes. */
export function checkResource(root: Cursor, report: Report): boolean {
  let isKnown = root.get('apiVersion').isThere && root.get('kind').isThere;
  const left = [root];
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    for (const [name, inner] of part.members) {
      if (name === 'envoyExtAuthzGrpc' || name === 'extAuth' || name === 'extProc' || name === 'extAuthz')
        isKnown = true;
      if (name === 'envoyExtAuthzHttp')
        report('error', 'envoy/http-service', inner.at, 'Writ answers over gRPC alone', 'use envoyExtAuthzGrpc');
      if ((name === 'failOpen' || name === 'fail_open') && inner.isOn)
        report(
          'error',
          'envoy/failure-mode',
          inner.at,
          'a request that nobody could decide on passes',
          'set failOpen: false',
        );
      if (
        name === 'failureMode' &&
        (inner.is('allow', 'failOpen', 'Allow', 'FailOpen') || inner.get('denyWithStatus').value === 200)
      )
        report(
          'error',
          'envoy/failure-mode',
          inner.at,
          'a request that nobody could decide on passes',
          'set failureMode: deny',
        );
      if (name === 'allowPartialMessage' && inner.isOn)
        report(
          'error',
          'envoy/body',
          inner.at,
          'a large body is shown in part, and passed on whole',
          'set allowPartialMessage: false',
        );
    }
    // Of agentgateway: Envoy has neither.
    for (const name of ['extAuthz', 'extAuth']) {
      const asking = part.get(name);
      if (asking.get('cache').isThere)
        report(
          'error',
          'envoy/cache',
          asking.get('cache').at,
          'a decision is used for later requests, whatever was revoked',
          'remove cache',
        );
      if (asking.get('includeRequestHeaders').isThere)
        report(
          'error',
          'envoy/headers-hidden',
          asking.get('includeRequestHeaders').at,
          'headers that are not shown reach the service, and nobody removes them',
          'remove includeRequestHeaders',
        );
    }
    left.push(...part.list, ...part.members.map(([, inner]) => inner));
  }
  return isKnown;
}
