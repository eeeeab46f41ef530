import type { Json } from '@writ/cedar/json';
import type { Operation } from '../definition/service.js';
import type { CanonicalRequest } from '../request/body.js';

/** The input variables of the mapping of one request. */
export interface HttpVariables {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly path_params: Readonly<Record<string, string>>;
    readonly query: Readonly<Record<string, unknown>>;
    readonly headers: Readonly<Record<string, unknown>>;
    /** Absent without a JSON body. */
    readonly body?: unknown;
    /** Absent without an opaque body. */
    readonly opaque?: { readonly media_type: string; readonly size: number };
  };
  readonly token: unknown;
  readonly service: { readonly name: string };
}

/** Returns the variables that a mapping reads. @param token the claims of the credential, verified */
export function variablesOf(canonical: CanonicalRequest, token: unknown): HttpVariables {
  const { method, path } = canonical;
  return { request: { method, path, ...partsOf(canonical) }, token, service: { name: canonical.service.name } };
}

/** Returns what policies see of a request as `context.input`: its declared parameters and its body. */
export function inputOf(canonical: CanonicalRequest): Readonly<Record<string, unknown>> {
  const { operation } = canonical;
  const parts = partsOf(canonical);
  // A part that the operation does not have is absent, so that policies ask with `has` for optional ones alone.
  return Object.fromEntries(
    Object.entries(parts).filter(
      ([part]) =>
        (part !== 'path_params' || operation?.path.size !== 0) &&
        (part !== 'query' || operation?.query.size !== 0) &&
        (part !== 'headers' || operation?.headers.size !== 0),
    ),
  );
}

function partsOf({
  pathParams,
  query,
  headers,
  json,
  opaque,
}: CanonicalRequest): Omit<HttpVariables['request'], 'method' | 'path'> {
  return {
    path_params: pathParams,
    query,
    headers,
    ...(json === undefined ? {} : { body: plain(json) }),
    ...(opaque === undefined ? {} : { opaque: { media_type: opaque.mediaType, size: opaque.size } }),
  };
}

/** A whole number that JavaScript does not hold is a text, as it was written: so every reader of JSON has it alike. */
function plain(value: Json): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** Returns the mapping of an operation that has no other (docs/coaz-http.md, "Default mapping"). */
export function defaultMapping({ name, route }: Operation): object {
  return {
    evaluation: {
      action: { name: literal(name) },
      resource: { type: 'Route', id: literal(route), properties: { params: '$request.path_params' } },
    },
  };
}

/** A text of a template that begins with `$` is an expression. */
function literal(text: string): string {
  return text.startsWith('$') ? `$${text}` : text;
}
