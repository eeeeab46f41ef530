import { isAddressOrPrefix } from '@writ/enforce/http';
import { MAX_VALUES } from '@writ/sdk/lib/value-count';
import { z } from 'zod';
import { name } from '../names.js';
import { broughtKey } from './brought-key.js';

/** `http` of `writ.yaml`: the services behind the enforcement points for HTTP (docs/coaz-http.md). */

const valueType = z.enum(['string', 'integer', 'number', 'boolean']);
/** `integer[]`: one that can stand in the query repeatedly. */
const queryType = z
  .string()
  .regex(
    /^(?:string|integer|number|boolean)(?:\[\])?$/,
    'a type is string, integer, number or boolean, or a list as string[]',
  );
const headerName = z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'a header is letters, digits and -');
/** Headers that say how long a request is, where it goes or how it travels. */
const OF_CONNECTIONS =
  /^(?:host|content-.*|transfer-encoding|connection|upgrade|expect|te|trailer|keep-alive|accept-encoding|range|x-forwarded-.*|forwarded)$/i;
const routeText = z
  .string()
  .max(2_000)
  .regex(/^[A-Z]+ \/\S*$/, 'a route is a method and a path, as GET /orders/{id}');
const body = z.enum(['json', 'opaque', 'none']);

const pemFile = z.string().min(1).max(4_096).meta({ example: '/run/secrets/shop.pem' });
/** The certificates for TLS to a service. Files are absolute, or of the folder of the bundle; they are not a part of it. */
const upstreamTls = z
  .strictObject({
    /** The authorities that its certificate may be of; by default those of the system. */
    ca: pemFile.optional(),
    /** The certificate that it is shown, and the private key of that. */
    cert: pemFile.optional(),
    key: pemFile.optional(),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    message: 'a certificate has a `cert` and its `key`',
  })
  .refine(({ ca, cert }) => ca !== undefined || cert !== undefined, {
    message: '`tls` has a `ca`, or a `cert` and its `key`',
  });

/** An operation of a service that has no document. */
const route = z.strictObject({
  route: routeText,
  /** The name of the operation; the route by default. */
  operation: z.string().min(1).max(200).optional(),
  path: z.record(z.string(), valueType).optional(),
  query: z.record(z.string(), queryType).optional(),
  headers: z.record(headerName, valueType).optional(),
  /** The parameters of the query, and the headers, that every request has. */
  required: z.array(z.string().min(1)).optional(),
  body: body.optional(),
  upgrade: z.literal('websocket').optional(),
});

const service = z
  .strictObject({
    /** The origin that it is reached at. */
    upstream: z.url({ protocol: /^https?$/ }).meta({ example: 'http://127.0.0.1:8080' }),
    tls: upstreamTls.optional(),
    /** The names that requests have for it; those of the document by default. */
    hosts: z.array(z.string().min(1).max(260)).min(1).optional(),
    /** The file of its OpenAPI document, 3.0 or 3.1. */
    openapi: z
      .string()
      .regex(/^openapi\/(?!.*\.\.)[\w./-]+\.(?:yaml|json)$/, 'a document is a file of the bundle, as openapi/shop.yaml')
      .optional(),
    routes: z
      .array(z.union([routeText.transform((text) => ({ route: text })), route]))
      .min(1)
      .optional(),
    /** The begin of all paths; that of the document by default. */
    basePath: z
      .string()
      .regex(/^\/[^?#\s]*$/, 'a base path is as /api/v1')
      .optional(),
    /** Whether letters of another case are the same path. */
    caseInsensitive: z.boolean().default(false),
    /** Whether a path with a slash at its end is another one. */
    trailingSlash: z.enum(['distinct', 'ignored']).default('distinct'),
    /** Bodies that are read and decided on, bodies whose media type and size alone are seen, or none. */
    body: body.default('json'),
    /** In bytes. */
    maxBody: z.int().min(1).max(67_108_864).default(1_048_576),
    /** Members and items of a JSON body. Each is decided on and recorded while nothing else is decided. */
    maxValues: z.int().min(1).max(1_000_000).default(MAX_VALUES),
    /** Requests that nobody decides on. */
    passThrough: z.array(routeText).default([]),
    /** Whether a question of a browser before a request of another origin is forwarded. */
    preflight: z.enum(['refuse', 'pass']).default('refuse'),
    /** Headers that are forwarded although no operation declares them. */
    headers: z.array(headerName).default([]),
    /** Headers that the service is sent as the credential of all requests, never those of a caller; with `${env:NAME}`. */
    credential: z
      .record(
        headerName.refine((text) => !OF_CONNECTIONS.test(text), 'this header is not a credential'),
        z.string().regex(/^[\x20-\x7e]+$/, 'the value of a header is printable ASCII'),
      )
      .default({}),
    /** Whether whole numbers past 2^53 are forwarded, which not every reader of JSON keeps. */
    numbers: z.enum(['shared', 'exact']).default('shared'),
    /** Whether the mappings of the document count (`x-authzen-mapping`), where the bundle has none. */
    mappings: z.enum(['declared', 'bundle']).default('declared'),
  })
  .refine(({ openapi, routes }) => (openapi === undefined) !== (routes === undefined), {
    message: 'a service has a document (openapi) or routes',
  })
  .refine(({ upstream, tls }) => tls === undefined || upstream.startsWith('https:'), {
    message: 'certificates are for an upstream with https://',
    path: ['tls'],
  });

/** Tunnels to hosts outside (`CONNECT`), each decided on as the action `connect` on a `Host`. Without it none are made. */
const egress = z.strictObject({
  /** Those of TLS: nothing else passes. */
  ports: z.array(z.int().min(1).max(65_535)).min(1).max(100).default([443]),
  /** Addresses that tunnels may lead to although they are not public. */
  private: z
    .array(
      z
        .string()
        .refine(isAddressOrPrefix, 'it is an address or a prefix of addresses, as 10.0.0.5 or 10.1.0.0/16')
        .meta({ example: '10.0.0.5' }),
    )
    .max(1_000)
    .default([]),
});

/** A proxy of somebody else, in front of services, that asks before it forwards (docs/http-fronts.md). */
const front = z
  .strictObject({
    /** How it reports a request. */
    profile: z.enum(['nginx', 'caddy', 'traefik', 'haproxy']),
    /** The services that it may ask about, by their names. */
    services: z.array(z.string().min(1)).min(1),
    /** Whether it sends bodies along. */
    body: z.enum(['none', 'carried']).default('none'),
    /** More headers of a client that it removes on the way to the service. */
    removes: z.array(headerName).default([]),
    key: broughtKey.optional(),
  })
  .refine(({ profile, body: sent }) => sent === 'none' || profile === 'traefik', {
    message: 'Traefik alone sends bodies along',
    path: ['body'],
  });

export const httpShape = z
  .strictObject({
    services: z.record(name, service).default({}),
    fronts: z.record(name, front).default({}),
    egress: egress.optional(),
  })
  .superRefine(({ services, fronts }, context) => {
    for (const [id, { services: asked }] of Object.entries(fronts))
      for (const [i, one] of asked.entries())
        if (!Object.hasOwn(services, one)) {
          const message = `${one} is not one of the services`;
          context.addIssue({ code: 'custom', path: ['fronts', id, 'services', i], message });
        }
  });
