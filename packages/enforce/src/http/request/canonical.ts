import type { BodyKind, BodyRule, Method, Operation, Service } from '../definition/service.js';
import { METHODS } from '../definition/service.js';
import { pathOf, type Template } from '../routes/template.js';
import { declaredHeaders, forwardedHeaders, hostOf, type Peer } from './forwarded-headers.js';
import { type Framing, framingOf } from './framing.js';
import { type HeaderList, headerListOf } from './header-list.js';
import { mediaTypeOf } from './media-type.js';
import { type Query, queryOf } from './query.js';
import { orRefusal, type Refusal, refuse } from './refusal.js';
import { type Target, targetOf } from './target.js';
import { parsedValue } from './value.js';

/** The head of a request as it stood on the connection. */
export interface RawHead {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn, as `rawHeaders` of Node. */
  readonly rawHeaders: readonly string[];
  /** `1.1` by default. */
  readonly version?: string | undefined;
  readonly peer?: Peer | undefined;
}

/** A request of one reading, without its body. */
export interface CanonicalHead {
  readonly ok: true;
  /** `passThrough` and `preflight` are forwarded without a decision. */
  readonly kind: 'operation' | 'passThrough' | 'preflight';
  readonly service: Service;
  /** Undefined unless the kind is `operation`. For HEAD that of the GET. */
  readonly operation: Operation | undefined;
  readonly method: Method;
  /** The path as it is forwarded, without the query. */
  readonly path: string;
  readonly pathParams: Readonly<Record<string, string>>;
  readonly query: Query['values'];
  readonly headers: Readonly<Record<string, unknown>>;
  /** The target as it is forwarded. */
  readonly target: string;
  /** Whether the request had this very target: an enforcement point that cannot rewrite takes no other. */
  readonly isUnchanged: boolean;
  /** The headers as they are forwarded, without those of the body. */
  readonly forwarded: readonly (readonly [name: string, value: string])[];
  readonly framing: Framing;
  readonly body: ExpectedBody;
}

/** The body that a head announces. */
interface ExpectedBody {
  /** Undefined if there is no body. */
  readonly kind: BodyKind | undefined;
  /** The media type as it is forwarded. */
  readonly contentType: string | undefined;
  readonly maxBytes: number;
  readonly isRequired: boolean;
}

/**
 * Reads the head of a request for a service: what is decided on is what `target` and `forwarded` say. Pure.
 *
 * @returns a refusal if servers could read the head in two ways, or if it is not of an operation
 */
export function canonicalHead(raw: RawHead, service: Service): CanonicalHead | Refusal {
  return orRefusal(() => headOf(raw, service));
}

function headOf(raw: RawHead, service: Service): CanonicalHead {
  if (!METHODS.includes(raw.method as Method))
    refuse('method_unknown', 'the method is not one that can be served', METHODS);
  const method = raw.method as Method;
  const version = raw.version ?? '1.1';
  if (!VERSIONS.has(version)) refuse('version_unknown', 'the version of HTTP is not one that has headers');
  const headers = headerListOf(raw.rawHeaders);
  const host = hostOf(headers, service);
  const target = targetOf(raw.target);
  const found = routeOf(service, target);
  const { kind, operation } = purposeOf(service, found.template.text, method, headers);
  const declared = new Set(operation?.headers.keys());
  const framing = framingOf(headers, version, (name) => declared.has(name) || service.headers.has(name));
  if (framing.upgrade !== undefined && framing.upgrade !== operation?.upgrade)
    refuse('upgrade_refused', 'the operation does not change to another protocol');
  const params = pathParamsOf(found, operation);
  const query = queryOf(target.query, operation?.query ?? new Map());
  const path = pathOf(found.template, found.values);
  const rewritten = query.text === '' ? path : `${path}?${query.text}`;
  return {
    ok: true,
    kind,
    service,
    operation,
    method,
    path,
    pathParams: params,
    query: query.values,
    headers: operation === undefined ? {} : declaredHeaders(headers, operation),
    target: rewritten,
    isUnchanged: rewritten === raw.target,
    forwarded: forwardedHeaders(headers, {
      service,
      declared,
      host,
      peer: raw.peer,
      upgrade: framing.upgrade === undefined ? undefined : operation?.upgrade,
      isPreflight: kind === 'preflight',
    }),
    framing,
    body: expectedBody(method, headers, framing, operation?.body),
  };
}

const VERSIONS: ReadonlySet<string> = new Set(['1.0', '1.1', '2.0', '3.0']);

interface Found {
  readonly template: Template;
  readonly values: ReadonlyMap<string, string>;
}

function routeOf({ table }: Service, { segments, hasSlash }: Target): Found {
  const match = table.match(segments, hasSlash);
  switch (match.kind) {
    case 'one':
      return match;
    case 'two':
      return refuse('path_case', 'the path is another one at a server without regard to case');
    case 'none':
      return refuse('path_unknown', 'no operation has this path');
  }
}

/** Returns what a request is for: an operation, or one of the two kinds that nobody decides on. */
function purposeOf(
  service: Service,
  template: string,
  method: Method,
  headers: HeaderList,
): { readonly kind: CanonicalHead['kind']; readonly operation: Operation | undefined } {
  const methods = service.byTemplate.get(template);
  const operation = methods?.get(method) ?? (method === 'HEAD' ? methods?.get('GET') : undefined);
  if (operation !== undefined) return { kind: 'operation', operation };
  if ((method === 'GET' || method === 'HEAD') && service.passThrough.has(`GET ${template}`))
    return { kind: 'passThrough', operation: undefined };
  const asked = headers.one('access-control-request-method');
  if (method === 'OPTIONS' && asked !== undefined && headers.one('origin') !== undefined) {
    if (service.preflight !== 'pass')
      refuse('preflight_refused', 'the service takes no requests of pages of other origins');
    if (methods?.has(asked as Method) === true) return { kind: 'preflight', operation: undefined };
  }
  const passing = service.passThrough.has(`GET ${template}`) ? (['GET'] as const) : [];
  return refuse('method_not_allowed', 'no operation of this path has this method', [
    ...passing,
    ...(methods?.keys() ?? []),
  ]);
}

function pathParamsOf({ values }: Found, operation: Operation | undefined): Record<string, string> {
  for (const [name, value] of values) {
    const rule = operation?.path.get(name)?.value;
    // They name things, so that they stay the texts that they are.
    if (rule !== undefined) parsedValue(value, rule, `the path parameter ${JSON.stringify(name)}`);
  }
  return Object.fromEntries(values);
}

function expectedBody(method: Method, headers: HeaderList, framing: Framing, rule: BodyRule | undefined): ExpectedBody {
  const hasBody = framing.isChunked || (framing.length ?? 0) > 0;
  const none: ExpectedBody = { kind: undefined, contentType: undefined, maxBytes: 0, isRequired: false };
  if (headers.of('content-range').length > 0) refuse('body_range', 'the body is a part of a resource');
  if (rule === undefined || rule.kinds.size === 0 || method === 'GET' || method === 'HEAD') {
    if (hasBody) refuse('body_unexpected', 'the operation takes no body');
    return none;
  }
  if (!hasBody) {
    if (rule.isRequired) refuse('body_missing', 'the operation needs a body');
    return none;
  }
  const coding = headers.one('content-encoding');
  if (coding !== undefined && coding.toLowerCase() !== 'identity')
    refuse('body_coding', 'the body has a content coding');
  if ((framing.length ?? 0) > rule.maxBytes) refuse('body_too_large', `the body is larger than ${rule.maxBytes} bytes`);
  const given = headers.one('content-type');
  if (given === undefined) return refuse('body_media_type', 'the body has no Content-Type');
  const { type } = mediaTypeOf(given);
  const [main] = type.split('/');
  const kind = rule.kinds.get(type) ?? rule.kinds.get(`${main}/*`) ?? rule.kinds.get('*/*');
  if (kind === undefined) return refuse('body_media_type', 'the operation takes no body of this media type');
  return { kind, contentType: kind === 'json' ? type : given, maxBytes: rule.maxBytes, isRequired: rule.isRequired };
}
