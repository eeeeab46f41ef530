import { type Cursor, partsWhere, type Report } from './cursor.js';

const GRACEFUL = 'envoy.reloadable_features.ext_proc_graceful_grpc_close';

/** Checks that a bootstrap has its streams of ext_proc ended: Node closes a connection on which many are reset. */
export function checkRuntime(root: Cursor, filters: readonly Cursor[], report: Report): void {
  const processor = filters.find(({ type }) => type === 'ExternalProcessor');
  if (processor === undefined || !root.get('static_resources').isThere) return;
  const layers = root.way('layered_runtime', 'layers').list;
  if (layers.some((layer) => layer.get('static_layer').get(GRACEFUL).isOn)) return;
  report(
    'warning',
    'envoy/resets',
    processor.at,
    'about one request in a thousand is refused, because Envoy resets its streams',
    `set ${GRACEFUL}: true in a static_layer of layered_runtime`,
  );
}

/** Checks the way to Writ: nobody else may answer in its name, and no key may travel in the clear. */
export function checkServices(root: Cursor, filters: readonly Cursor[], report: Report): void {
  const clusters = partsWhere(root, (part) => part.get('load_assignment').isThere);
  const checked = new Set<unknown>();
  for (const filter of filters) {
    const google = filter.way('grpc_service', 'google_grpc');
    if (
      google.isThere &&
      !google.way('channel_credentials', 'ssl_credentials').isThere &&
      !isLocalTarget(google.get('target_uri').value)
    )
      plain(google, report);
    const name = filter.way('grpc_service', 'envoy_grpc', 'cluster_name').value;
    if (name === undefined || checked.has(name)) continue;
    checked.add(name);
    const cluster = clusters.find((one) => one.get('name').value === name);
    if (cluster !== undefined) checkCluster(cluster, report);
  }
}

function checkCluster(cluster: Cursor, report: Report): void {
  const addresses = cluster
    .way('load_assignment', 'endpoints')
    .list.flatMap((one) => one.get('lb_endpoints').list)
    .map((one) => one.way('endpoint', 'address'));
  const tls = cluster.way('transport_socket', 'typed_config');
  if (tls.type === 'UpstreamTlsContext') {
    const common = tls.get('common_tls_context');
    const ways = ['validation_context', 'validation_context_sds_secret_config', 'combined_validation_context'];
    const validations = ways.map((name) => common.get(name)).filter(({ isThere }) => isThere);
    const [own] = validations;
    if (
      own === undefined ||
      (validations.length === 1 && common.get('validation_context').isThere && !own.get('trusted_ca').isThere)
    )
      report(
        'error',
        'envoy/unverified',
        tls.at,
        'anybody can answer in the name of Writ: its certificate is not verified',
        'add a validation_context with trusted_ca and match_typed_subject_alt_names',
      );
    const certificates = ['tls_certificates', 'tls_certificate_sds_secret_configs'];
    if (!certificates.some((name) => common.get(name).isThere))
      report(
        'warning',
        'envoy/no-certificate',
        tls.at,
        'Envoy has no certificate to prove itself with: Writ refuses it',
        'add tls_certificates',
      );
    return;
  }
  for (const address of addresses) {
    const host = address.way('socket_address', 'address');
    if (!host.isThere) continue;
    if (!isLoopback(host.value)) plain(host, report);
    else
      report(
        'warning',
        'envoy/plain-cluster',
        host.at,
        'every process of this machine can answer in the name of Writ',
        'use a pipe',
      );
  }
}

function plain(at: Cursor, report: Report): void {
  report(
    'error',
    'envoy/plain-cluster',
    at.at,
    'keys of callers travel to Writ in the clear, and anybody on the way can permit',
    'add a transport_socket with UpstreamTlsContext, or use a pipe',
  );
}

function isLoopback(host: unknown): boolean {
  return host === 'localhost' || host === '::1' || (typeof host === 'string' && /^127(?:\.[0-9]{1,3}){3}$/.test(host));
}

function isLocalTarget(uri: unknown): boolean {
  return (
    typeof uri === 'string' &&
    (uri.startsWith('unix:') || /^(?:dns:(?:\/\/\/)?)?(?:localhost|127\.0\.0\.1|\[::1\])(?::|$)/.test(uri))
  );
}
