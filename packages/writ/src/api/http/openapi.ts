import { z } from 'zod';
import { problemShape } from './problem.js';
import { type Route, route } from './route.js';

type Json = Record<string, unknown>;

const CONTENT_TYPES = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  set: 'application/secevent+jwt',
} as const;

/** Answers that every operation of a kind can give, in addition to its own. */
const COMMON = {
  400: 'The request is malformed; `detail` says where',
  401: 'The caller did not prove itself',
  403: 'The caller may not do this',
  413: 'The body is too large',
  431: 'The headers are too large',
  503: 'Not now: no policy yet, or too many requests; see `Retry-After`',
} as const;

/** The OpenAPI 3.1 document of the routes: made from what they are registered with, so that it says all they do. */
export function openApiOf(routes: readonly Route[], url: string): Json {
  const paths: Record<string, Json> = {};
  for (const one of routes) {
    const path = one.url.replace(/:(\w+)/g, '{$1}').replace(/\*$/, '{path}');
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: operationOf(one) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Writ', version: '0.1.0', description: 'Runtime authorization for non-human identities.' },
    servers: [{ url }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problemShape, 'output') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The API key of a caller, or a JWT access token' },
        mutualTls: { type: 'mutualTLS' },
      },
    },
  };
}

function operationOf(one: Route): Json {
  const { operationId, tag, summary, access, body, bodyType, query, answers } = one;
  const type = CONTENT_TYPES[bodyType ?? 'json'];
  const responses: Record<string, Json> = {};
  for (const [status, { description, shape, contentType }] of Object.entries(answers)) {
    const content =
      shape !== undefined
        ? { content: { [contentType ?? 'application/json']: { schema: schemaOf(shape, 'output') } } }
        : contentType !== undefined
          ? { content: { [contentType]: {} } }
          : Number(status) >= 400
            ? PROBLEM
            : {};
    responses[status] = { description, ...content };
  }
  for (const [status, description] of Object.entries(COMMON)) {
    const isNever = access.kind === 'open' && ['401', '403'].includes(status);
    if (!isNever) responses[status] ??= { description, ...PROBLEM };
  }
  return {
    operationId,
    tags: [tag],
    summary,
    parameters: [...pathParameters(one.url), ...(query === undefined ? [] : queryParameters(query))],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { [type]: { schema: schemaOf(body, 'input') } } } }),
    responses,
    security: access.kind === 'open' ? [] : [{ bearer: [] }, { mutualTls: [] }],
  };
}

const PROBLEM = { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };

function pathParameters(url: string): Json[] {
  const names = [...url.matchAll(/:(\w+)/g)].map(([, name]) => name);
  return [...names, ...(url.endsWith('/*') ? ['path'] : [])].map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodType): Json[] {
  const { properties = {}, required = [] } = schemaOf(query, 'input') as { properties?: Json; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function schemaOf(shape: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any' }) as Json;
  return schema;
}

export function openApiRoute(document: () => Json): Route {
  return route({
    method: 'GET',
    url: '/openapi.json',
    operationId: 'getOpenApi',
    tag: 'Operations',
    summary: 'This document',
    access: { kind: 'area', area: 'description', how: 'read' },
    answers: { 200: { description: 'OpenAPI 3.1', shape: z.record(z.string(), z.unknown()) } },
    handle: () => document(),
  });
}
