import type { Cursor, Report } from './cursor.js';
import { checkBody, checkFailure, checkMode } from './filters.js';

const NAME_OF: Readonly<Record<string, string>> = { ExtAuthzPerRoute: 'ext_authz', ExtProcPerRoute: 'ext_proc' };
/** The service of writ.yaml, by its key in the gRPC metadata of ext_proc. */
export const SERVICE_KEY = 'writ-service';

/** Checks what a route, a virtual host or a cluster weight changes of the filter. */
export function checkPerRoute(settings: Cursor, report: Report): void {
  const name = NAME_OF[settings.type ?? ''];
  if (name === undefined) return;
  if (settings.get('disabled').isOn) disabled(settings.get('disabled'), report);
  const check = settings.get('check_settings');
  if (check.isThere) {
    if (check.get('disable_request_body_buffering').isOn)
      report(
        'error',
        'envoy/body',
        check.get('disable_request_body_buffering').at,
        'bodies of this route are passed on without being shown',
        'remove disable_request_body_buffering',
      );
    const body = check.get('with_request_body');
    if (body.isThere) checkBody(body, report);
    const extensions = check.get('context_extensions');
    if (typeof extensions.get('service').value !== 'string')
      report(
        'warning',
        'envoy/service',
        check.at,
        'the route names no service: its requests are refused',
        'add context_extensions: { service: NAME, body: whole }',
      );
    else if (!extensions.get('body').is('whole'))
      report(
        'warning',
        'envoy/service',
        extensions.at,
        'the route does not say that bodies are shown: its requests are refused',
        'add body: whole',
      );
  }
  const overrides = settings.get('overrides');
  checkFailure(overrides, report);
  if (overrides.get('processing_mode').isThere) checkMode(overrides.get('processing_mode'), report);
}

/** Checks a filter that stands in `FilterConfig`, which can turn it off. */
export function checkWrapped(settings: Cursor, report: Report): void {
  if (settings.get('disabled').isOn) disabled(settings.get('disabled'), report);
}

/** Returns whether settings of a route name a service. */
export function namesService(settings: Cursor): boolean {
  const own = settings.type === 'FilterConfig' ? settings.get('config') : settings;
  const metadata = own.way('overrides', 'grpc_initial_metadata').list;
  return (
    typeof own.way('check_settings', 'context_extensions', 'service').value === 'string' ||
    metadata.some((one) => one.get('key').is(SERVICE_KEY))
  );
}

/** Checks an action of a route that sends a request more than once. */
export function checkAction(route: Cursor, report: Report): void {
  const action = route.get('route');
  const mirrors = action.get('request_mirror_policies');
  if (mirrors.list.length > 0)
    report(
      'error',
      'envoy/mirror',
      mirrors.at,
      'each request is sent to another cluster too, with the credential of the service',
      'remove request_mirror_policies',
    );
  if (action.get('retry_policy').isThere)
    report(
      'warning',
      'envoy/retries',
      action.get('retry_policy').at,
      'a request is sent again under the one permit',
      'remove retry_policy, or retry what is safe to be done twice alone',
    );
}

function disabled(at: Cursor, report: Report): void {
  report(
    'error',
    'envoy/disabled',
    at.at,
    'requests of this route pass without a decision',
    'remove it; list what needs no decision in passThrough of the service',
  );
}
