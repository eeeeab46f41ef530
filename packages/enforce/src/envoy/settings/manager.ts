import type { Cursor, Report } from './cursor.js';
import { FILTERS } from './filters.js';
import { checkAction, namesService, SERVICE_KEY } from './routes.js';

/** Filters that change nothing of a request, so that they may come after the decision. */
const HARMLESS: ReadonlySet<string | undefined> = new Set([
  ...['Router', 'LocalRateLimit', 'RateLimit', 'RBAC', 'Compressor', 'FilterConfig', 'HTTPFault', 'CorsPolicy', 'Cors'],
  ...['BandwidthLimit', 'AdmissionControl', 'Stats', 'Buffer'],
]);
const ESCAPED = ['REJECT_REQUEST', 2, 'UNESCAPE_AND_REDIRECT', 3, 'UNESCAPE_AND_FORWARD', 4];

/** Checks a connection manager: the path that it chooses a route by, and the chain of filters. */
export function checkManager(manager: Cursor, report: Report): void {
  for (const name of ['normalize_path', 'merge_slashes'])
    if (!manager.get(name).isOn)
      report(
        'error',
        `envoy/${name.replace('_', '-')}`,
        manager.get(name).isThere ? manager.get(name).at : manager.at,
        'the route is chosen by another path than the one that is decided on',
        `set ${name}: true`,
      );
  const escaped = manager.get('path_with_escaped_slashes_action');
  if (!escaped.is(...ESCAPED))
    report(
      'error',
      'envoy/escaped-slashes',
      escaped.isThere ? escaped.at : manager.at,
      'a path with %2f or %5c has two readings',
      'set path_with_escaped_slashes_action: REJECT_REQUEST',
    );
  if (!manager.get('use_remote_address').isOn)
    report(
      'warning',
      'envoy/remote-address',
      manager.at,
      'a caller can set headers of Envoy, and the address that it comes from',
      'set use_remote_address: true, and xff_num_trusted_hops behind another proxy',
    );
  const filters = manager.get('http_filters').list;
  // A snippet of a control plane that has no filters is no chain.
  if (manager.get('http_filters').isThere) checkChain(manager, filters, report);
  checkRoutes(manager, filters, report);
}

function checkChain(manager: Cursor, filters: readonly Cursor[], report: Report): void {
  const at = filters.findIndex((filter) => FILTERS[typeOf(filter) ?? ''] !== undefined);
  const asking = filters[at];
  if (asking === undefined) {
    report(
      'error',
      'envoy/filter-missing',
      manager.get('http_filters').at,
      'no filter of this listener asks anybody',
      'add ext_proc or ext_authz before the router',
    );
    return;
  }
  if (asking.get('disabled').isOn)
    report(
      'error',
      'envoy/disabled',
      asking.get('disabled').at,
      'the filter is off unless a route turns it on',
      'remove disabled',
    );
  if (asking.get('is_optional').isOn)
    report(
      'error',
      'envoy/disabled',
      asking.get('is_optional').at,
      'an Envoy without the filter passes every request',
      'remove is_optional',
    );
  const router = filters.findIndex((filter) => typeOf(filter) === 'Router');
  if (router !== -1 && router < at)
    report(
      'error',
      'envoy/order',
      asking.at,
      'the filter stands behind the router, and sees no request',
      'put it before the router',
    );
  for (const filter of filters.slice(at + 1))
    if (!HARMLESS.has(typeOf(filter)) && FILTERS[typeOf(filter) ?? ''] === undefined)
      report(
        'warning',
        'envoy/order',
        filter.at,
        'a filter behind the decision can change what was decided on',
        'put it before ext_proc or ext_authz',
      );
}

function checkRoutes(manager: Cursor, filters: readonly Cursor[], report: Report): void {
  const table = manager.get('route_config');
  const isNamed = (part: Cursor): boolean =>
    part.get('typed_per_filter_config').members.some(([, settings]) => namesService(settings));
  const isNamedByFilter = filters.some((filter) =>
    filter.way('typed_config', 'grpc_service', 'initial_metadata').list.some((one) => one.get('key').is(SERVICE_KEY)),
  );
  for (const host of table.get('virtual_hosts').list)
    for (const route of host.get('routes').list) {
      checkAction(route, report);
      if (!route.get('route').isThere || isNamedByFilter || [table, host, route].some(isNamed)) continue;
      if ([host, route].some(hasRemark)) continue;
      report(
        'warning',
        'envoy/service',
        route.at,
        'the route names no service: its requests are refused',
        `name it in context_extensions.service or as ${SERVICE_KEY} in grpc_initial_metadata`,
      );
    }
}

/** Returns whether settings of the filter have a finding of their own. */
function hasRemark(part: Cursor): boolean {
  return part
    .get('typed_per_filter_config')
    .members.some(([, settings]) => settings.get('check_settings').isThere || settings.get('disabled').isOn);
}

function typeOf(filter: Cursor): string | undefined {
  const own = filter.get('typed_config');
  return own.type === 'FilterConfig' ? own.get('config').type : own.type;
}
