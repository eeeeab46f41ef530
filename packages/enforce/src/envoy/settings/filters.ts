import type { Cursor, Report } from './cursor.js';

/** The settings of the two filters that ask Writ. */
export const FILTERS: Readonly<Record<string, (filter: Cursor, report: Report) => void>> = {
  ExtAuthz: checkAuthz,
  ExternalProcessor: checkProcessor,
};

function checkAuthz(filter: Cursor, report: Report): void {
  checkBoth(filter, report);
  if (filter.get('failure_mode_allow_header_add').isOn)
    report(
      'error',
      'envoy/failure-mode',
      filter.get('failure_mode_allow_header_add').at,
      'requests that nobody decided on are expected to pass',
      'remove it: they are refused',
    );
  const body = filter.get('with_request_body');
  if (!body.isThere)
    report(
      'error',
      'envoy/body',
      filter.at,
      'bodies are passed on without being shown',
      'add with_request_body: { max_request_bytes: 1048576, pack_as_bytes: true }',
    );
  else checkBody(body, report);
  for (const name of ['allowed_headers', 'disallowed_headers']) hidden(filter.get(name), report);
  if (filter.get('clear_route_cache').isOn)
    report(
      'error',
      'envoy/route-cache',
      filter.get('clear_route_cache').at,
      'the route is chosen again after the decision: it may be that of another service',
      'set clear_route_cache: false',
    );
  if (!filter.get('encode_raw_headers').isOn)
    report(
      'warning',
      'envoy/raw-headers',
      filter.at,
      'a header that is there twice is shown as one',
      'set encode_raw_headers: true',
    );
  const status = filter.way('status_on_error', 'code');
  if (status.isThere && !isRefusal(status.value))
    report(
      'error',
      'envoy/status-on-error',
      status.at,
      'a request that nobody could decide on is answered as if it were done',
      'name a status of 400 or more',
    );
  const enabled = filter.way('filter_enabled', 'default_value');
  const denies = filter.way('deny_at_disable', 'default_value').isOn;
  if (
    (filter.get('filter_enabled').isThere || filter.get('filter_enabled_metadata').isThere) &&
    !denies &&
    !isWhole(enabled)
  )
    report(
      'error',
      'envoy/disabled',
      filter.get('filter_enabled').at,
      'a part of the requests passes without a decision',
      'remove filter_enabled and filter_enabled_metadata',
    );
  rules(filter.get('decoder_header_mutation_rules'), report);
  if (!filter.way('grpc_service', 'timeout').isThere) late(filter, 'grpc_service.timeout', report);
}

function checkProcessor(filter: Cursor, report: Report): void {
  checkBoth(filter, report);
  if (filter.get('observability_mode').isOn)
    report(
      'error',
      'envoy/observability-mode',
      filter.get('observability_mode').at,
      'every request passes, whatever is decided',
      'remove observability_mode',
    );
  if (filter.get('disable_immediate_response').isOn)
    report(
      'error',
      'envoy/denials-ignored',
      filter.get('disable_immediate_response').at,
      'a denial is ignored',
      'remove disable_immediate_response',
    );
  checkMode(filter.get('processing_mode'), report);
  hidden(filter.get('forward_rules'), report);
  if (filter.get('route_cache_action').is('CLEAR', 1))
    report(
      'error',
      'envoy/route-cache',
      filter.get('route_cache_action').at,
      'the route is chosen again after the decision: it may be that of another service',
      'remove route_cache_action',
    );
  const mutation = filter.get('mutation_rules');
  rules(mutation, report);
  if (!mutation.get('allow_envoy').isOn || !mutation.get('disallow_is_error').isOn)
    report(
      'error',
      'envoy/mutations',
      mutation.isThere ? mutation.at : filter.at,
      'a change that Envoy does not make is left out without a word',
      'set mutation_rules: { allow_envoy: true, disallow_is_error: true }',
    );
  if (!filter.get('allow_mode_override').isOn)
    report('warning', 'envoy/streams', filter.at, 'streams are held until they end', 'set allow_mode_override: true');
  if (!filter.get('message_timeout').isThere) late(filter, 'message_timeout', report);
}

/** Checks how the parts of a request are shown. */
export function checkMode(mode: Cursor, report: Report): void {
  if (mode.get('request_header_mode').is('SKIP', 2))
    report(
      'error',
      'envoy/body',
      mode.get('request_header_mode').at,
      'requests are not shown, and pass',
      'set request_header_mode: SEND',
    );
  if (!mode.get('request_body_mode').is('BUFFERED', 2))
    report(
      'error',
      'envoy/body',
      mode.get('request_body_mode').isThere ? mode.get('request_body_mode').at : mode.at,
      'the body of a request is not held until it is decided on',
      'set request_body_mode: BUFFERED',
    );
  if (mode.get('response_header_mode').is('SKIP', 2))
    report(
      'warning',
      'envoy/answers',
      mode.get('response_header_mode').at,
      'no answer is shown: no outcome is known',
      'set response_header_mode: SEND',
    );
  if (!mode.get('response_body_mode').is('BUFFERED', 2))
    report(
      'warning',
      'envoy/answers',
      mode.at,
      'answers are not held: an obligation on one is a denial',
      'set response_body_mode: BUFFERED',
    );
}

/** Checks how the body of a request is shown to ext_authz. */
export function checkBody(body: Cursor, report: Report): void {
  if (body.get('allow_partial_message').isOn)
    report(
      'error',
      'envoy/body',
      body.get('allow_partial_message').at,
      'a large body is shown in part, and passed on whole',
      'set allow_partial_message: false',
    );
  if (!body.get('pack_as_bytes').isOn)
    report('warning', 'envoy/body', body.at, 'a body that is no UTF-8 is shown as another', 'set pack_as_bytes: true');
}

function checkBoth(filter: Cursor, report: Report): void {
  checkFailure(filter, report);
  if (filter.get('http_service').isThere)
    report(
      'error',
      'envoy/http-service',
      filter.get('http_service').at,
      'Writ answers over gRPC alone',
      'use grpc_service',
    );
}

/** Checks that a request which nobody decided on is refused. */
export function checkFailure(filter: Cursor, report: Report): void {
  const allow = filter.get('failure_mode_allow');
  if (allow.isOn)
    report(
      'error',
      'envoy/failure-mode',
      allow.at,
      'a request that nobody could decide on passes',
      'set failure_mode_allow: false',
    );
}

function hidden(rule: Cursor, report: Report): void {
  if (rule.isThere)
    report(
      'error',
      'envoy/headers-hidden',
      rule.at,
      'headers that are not shown reach the service, and nobody removes them',
      `remove ${rule.at.at(-1)}`,
    );
}

function rules(mutation: Cursor, report: Report): void {
  for (const name of ['disallow_all', 'disallow_expression'])
    if (mutation.get(name).isThere && mutation.get(name).value !== false)
      report(
        'error',
        'envoy/mutations',
        mutation.get(name).at,
        'changes of Writ are left out: headers of the caller stay',
        `remove ${name}`,
      );
}

function late(filter: Cursor, name: string, report: Report): void {
  report(
    'warning',
    'envoy/timeout',
    filter.at,
    'a decision that takes longer than 200 ms is a refusal',
    `set ${name}: 5s`,
  );
}

function isRefusal(code: unknown): boolean {
  const number = typeof code === 'string' && /^[0-9]+$/.test(code) ? Number(code) : code;
  return typeof number === 'number'
    ? number >= 400
    : !['OK', 'Created', 'Accepted', 'NoContent', 'Empty', 'Continue'].includes(String(number));
}

function isWhole(fraction: Cursor): boolean {
  const most = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 }[
    String(fraction.get('denominator').value ?? 'HUNDRED')
  ];
  return most !== undefined && Number(fraction.get('numerator').value) >= most;
}
