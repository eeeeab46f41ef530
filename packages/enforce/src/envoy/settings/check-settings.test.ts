import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkSettings } from './check-settings.js';

const exampleOf = (name: string): string =>
  readFileSync(new URL(`../../../../../examples/envoy/${name}.yaml`, import.meta.url), 'utf8');
const EXAMPLES = {
  proc: exampleOf('ext-proc'),
  authz: exampleOf('ext-authz'),
  istio: exampleOf('istio'),
  gateway: exampleOf('envoy-gateway'),
  agentgateway: exampleOf('agentgateway'),
};
type Example = keyof typeof EXAMPLES;

/** One change of an example that is right: the text before and after, and the finding. */
const CHANGES: readonly (readonly [code: string, Example, from: string | RegExp, to: string])[] = [
  ['error envoy/normalize-path', 'proc', 'normalize_path: true', 'normalize_path: false'],
  ['error envoy/normalize-path', 'authz', /.*normalize_path: true\n/, ''],
  ['error envoy/merge-slashes', 'proc', /.*merge_slashes: true\n/, ''],
  [
    'error envoy/escaped-slashes',
    'proc',
    'REJECT_REQUEST\n                common',
    'KEEP_UNCHANGED\n                common',
  ],
  ['error envoy/escaped-slashes', 'proc', /.*path_with_escaped_slashes_action.*\n/, ''],
  ['warning envoy/remote-address', 'proc', 'use_remote_address: true', 'use_remote_address: false'],
  ['error envoy/failure-mode', 'proc', 'failure_mode_allow: false', 'failure_mode_allow: true'],
  ['error envoy/failure-mode', 'authz', 'failure_mode_allow: false', 'failureModeAllow: true'],
  ['error envoy/failure-mode', 'authz', 'failure_mode_allow: false', 'failure_mode_allow_header_add: true'],
  [
    'error envoy/failure-mode',
    'proc',
    'overrides:',
    'overrides:\n                                failure_mode_allow: true',
  ],
  ['error envoy/disabled', 'proc', 'overrides:', 'disabled: true\n                              overrides:'],
  ['error envoy/disabled', 'authz', 'check_settings:', 'disabled: true\n                              check_settings:'],
  [
    'error envoy/disabled',
    'authz',
    '- name: envoy.filters.http.ext_authz',
    '- disabled: true\n                    name: envoy.filters.http.ext_authz',
  ],
  [
    'error envoy/disabled',
    'authz',
    '- name: envoy.filters.http.ext_authz',
    '- is_optional: true\n                    name: envoy.filters.http.ext_authz',
  ],
  [
    'error envoy/disabled',
    'authz',
    'failure_mode_allow: false',
    'filter_enabled: { default_value: { numerator: 50, denominator: HUNDRED } }',
  ],
  ['error envoy/body', 'authz', 'allow_partial_message: false', 'allow_partial_message: true'],
  ['error envoy/body', 'authz', /.*with_request_body.*\n/, ''],
  [
    'error envoy/body',
    'authz',
    'check_settings:',
    'check_settings:\n                                disable_request_body_buffering: true',
  ],
  ['warning envoy/body', 'authz', ', pack_as_bytes: true', ''],
  ['error envoy/body', 'proc', 'request_body_mode: BUFFERED', 'request_body_mode: STREAMED'],
  ['error envoy/body', 'proc', 'request_body_mode: BUFFERED', 'request_body_mode: BUFFERED_PARTIAL'],
  ['error envoy/body', 'proc', /.*request_body_mode: BUFFERED\n/, ''],
  ['error envoy/body', 'proc', 'request_header_mode: SEND', 'request_header_mode: SKIP'],
  [
    'error envoy/body',
    'proc',
    'overrides:',
    'overrides:\n                                processing_mode: { request_body_mode: NONE, response_body_mode: BUFFERED }',
  ],
  ['error envoy/observability-mode', 'proc', 'failure_mode_allow: false', 'observability_mode: true'],
  ['error envoy/denials-ignored', 'proc', 'failure_mode_allow: false', 'disable_immediate_response: true'],
  ['error envoy/status-on-error', 'authz', 'failure_mode_allow: false', 'status_on_error: { code: 200 }'],
  ['error envoy/status-on-error', 'authz', 'failure_mode_allow: false', 'status_on_error: { code: OK }'],
  ['error envoy/route-cache', 'authz', 'clear_route_cache: false', 'clear_route_cache: true'],
  ['error envoy/route-cache', 'proc', 'failure_mode_allow: false', 'route_cache_action: CLEAR'],
  [
    'error envoy/headers-hidden',
    'authz',
    'failure_mode_allow: false',
    'disallowed_headers: { patterns: [{ exact: x-user }] }',
  ],
  [
    'error envoy/headers-hidden',
    'proc',
    'failure_mode_allow: false',
    'forward_rules: { disallowed_headers: { patterns: [{ exact: x-user }] } }',
  ],
  ['error envoy/mutations', 'proc', /.*mutation_rules.*\n/, ''],
  ['error envoy/mutations', 'proc', 'allow_envoy: true, ', ''],
  [
    'error envoy/mutations',
    'authz',
    'failure_mode_allow: false',
    'decoder_header_mutation_rules: { disallow_all: true }',
  ],
  ['error envoy/http-service', 'authz', 'failure_mode_allow: false', 'http_service: {}'],
  ['error envoy/filter-missing', 'authz', /ext_authz\.v3\.ExtAuthz\n/, 'ext_other.v3.Other\n'],
  [
    'warning envoy/order',
    'proc',
    '- name: envoy.filters.http.router',
    '- name: lua\n                    typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua }\n                  - name: envoy.filters.http.router',
  ],
  ['error envoy/mirror', 'proc', 'timeout: 60s', 'request_mirror_policies: [{ cluster: other }]'],
  ['warning envoy/retries', 'proc', 'timeout: 60s', 'retry_policy: { retry_on: 5xx }'],
  ['warning envoy/service', 'proc', 'key: writ-service', 'key: other'],
  ['warning envoy/service', 'authz', 'service: shop, ', ''],
  ['warning envoy/service', 'authz', ', body: whole', ''],
  ['warning envoy/raw-headers', 'authz', 'encode_raw_headers: true', 'encode_raw_headers: false'],
  ['warning envoy/streams', 'proc', 'allow_mode_override: true', 'allow_mode_override: false'],
  ['warning envoy/answers', 'proc', 'response_body_mode: BUFFERED', 'response_body_mode: NONE'],
  ['warning envoy/resets', 'proc', 'graceful_grpc_close: true', 'graceful_grpc_close: false'],
  ['warning envoy/resets', 'proc', /layered_runtime:\n.*\n/, ''],
  ['warning envoy/timeout', 'proc', /.*message_timeout: 5s\n/, ''],
  ['warning envoy/timeout', 'authz', ', timeout: 5s', ''],
  ['error envoy/plain-cluster', 'authz', /transport_socket:[\s\S]*?load_assignment/, 'load_assignment'],
  ['error envoy/plain-cluster', 'authz', 'UpstreamTlsContext', 'RawBuffer'],
  [
    'warning envoy/plain-cluster',
    'proc',
    'pipe: { path: /run/writ/envoy.sock }',
    'socket_address: { address: 127.0.0.1, port_value: 7468 }',
  ],
  [
    'error envoy/plain-cluster',
    'proc',
    'envoy_grpc: { cluster_name: writ }',
    'google_grpc: { target_uri: "writ.internal:7468" }',
  ],
  ['error envoy/unverified', 'authz', 'trusted_ca:', 'crl:'],
  ['error envoy/failure-mode', 'istio', 'failure_mode_allow: false', 'failure_mode_allow: true'],
  ['error envoy/normalize-path', 'istio', 'normalize_path: true', 'normalize_path: false'],
  ['error envoy/plain-cluster', 'gateway', /transport_socket:[\s\S]*?load_assignment/, 'load_assignment'],
  ['error envoy/body', 'gateway', 'request_body_mode: BUFFERED', 'request_body_mode: NONE'],
  ['error envoy/failure-mode', 'agentgateway', 'failureMode: deny', 'failureMode: allow'],
  ['error envoy/body', 'agentgateway', 'allowPartialMessage: false', 'allowPartialMessage: true'],
  ['error envoy/cache', 'agentgateway', 'failureMode: deny', 'cache: { key: [request.path], ttl: 60s }'],
  ['error envoy/headers-hidden', 'agentgateway', 'failureMode: deny', 'includeRequestHeaders: [authorization]'],
  ['error envoy/unreadable', 'proc', 'static_resources:', 'static_resources: {}\nstatic_resources:'],
  ['error envoy/unreadable', 'proc', 'static_resources:', 'static_resources: ['],
];

describe('settings of Envoy', () => {
  it.each(Object.keys(EXAMPLES) as Example[])('%s: an example that is right has no finding', (name) => {
    expect(checkSettings('envoy.yaml', EXAMPLES[name])).toEqual([]);
  });

  it.each(CHANGES.map((row, i) => [i, ...row] as const))('%i %s in %s', (_i, finding, name, from, to) => {
    const changed = EXAMPLES[name].replace(from, to);
    expect(changed).not.toBe(EXAMPLES[name]);
    const found = checkSettings('envoy.yaml', changed);
    expect(found.map(({ severity, code }) => `${severity} ${code}`)).toContain(finding);
    for (const { line, column, help } of found) expect([line > 0, column > 0, help !== '']).toEqual([true, true, true]);
  });

  it('names the place', () => {
    const [first, ...more] = checkSettings(
      'envoy.yaml',
      EXAMPLES.proc.replace('failure_mode_allow: false', 'failure_mode_allow: true'),
    );
    const lines = EXAMPLES.proc.split('\n');
    const line = lines.findIndex((one) => one.includes('failure_mode_allow')) + 1;
    expect([first?.line, more]).toEqual([line, []]);
    expect(first?.column).toBe((lines[line - 1]?.indexOf('false') ?? 0) + 1);
  });

  it('reads JSON, patches and streams of resources, with the lines of the file', () => {
    const json =
      '{"name":"a","typedConfig":{"@type":"type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz","failureModeAllow":true}}';
    expect(checkSettings('a.json', json).map(({ code }) => code)).toContain('envoy/failure-mode');
    const stream = `apiVersion: v1\nkind: ConfigMap\n---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nspec:\n  extAuth:\n    failOpen: true\n`;
    expect(checkSettings('a.yaml', stream)).toEqual([
      expect.objectContaining({ code: 'envoy/failure-mode', line: 8, column: 15 }),
    ]);
  });

  it.each([
    ['nothing', ''],
    ['another file', 'a: 1\n'],
    ['no YAML', '\u0000'],
    ['deep nesting', '['.repeat(50_000)],
    ['many aliases', `a: &a [1]\nb: [${'*a, '.repeat(100_000)}*a]`],
    ['many documents', '---\n{}\n'.repeat(10_000)],
    ['a large file', `a: ${'x'.repeat(5 * 2 ** 20)}`],
  ])('is wrong for %s', (_name, text) => {
    expect(checkSettings('envoy.yaml', text).filter(({ severity }) => severity === 'error').length).toBeGreaterThan(0);
  });
});
