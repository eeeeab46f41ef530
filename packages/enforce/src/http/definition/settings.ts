import type { ValueType } from './service.js';

/** A route of a service that has no document. */
export interface RouteSettings {
  /** The method and the path, as `GET /orders/{id}`. */
  readonly route: string;
  /** The name of the operation; the route by default. */
  readonly operation?: string | undefined;
  /** The types of path parameters; a text by default. */
  readonly path?: Readonly<Record<string, ValueType>> | undefined;
  /** The query parameters; `integer[]` is one that can stand there repeatedly. */
  readonly query?: Readonly<Record<string, ValueType | `${ValueType}[]`>> | undefined;
  readonly headers?: Readonly<Record<string, ValueType>> | undefined;
  /** The parameters of the query, and the headers, that every request has. */
  readonly required?: readonly string[] | undefined;
  readonly body?: 'json' | 'opaque' | 'none' | undefined;
  readonly upgrade?: 'websocket' | undefined;
}

/** A service as the bundle describes it (`http.services` of writ.yaml). */
export interface ServiceSettings {
  readonly name: string;
  /** The origin of the service, as `http://127.0.0.1:8080`. */
  readonly upstream: string;
  /** The names that requests have for it; those of the document by default. */
  readonly hosts?: readonly string[] | undefined;
  /** The text of its OpenAPI document. */
  readonly openapi?: { readonly file: string; readonly text: string } | undefined;
  readonly routes?: readonly RouteSettings[] | undefined;
  /** The begin of all paths; that of the document by default. */
  readonly basePath?: string | undefined;
  readonly caseInsensitive?: boolean | undefined;
  readonly trailingSlash?: 'distinct' | 'ignored' | undefined;
  readonly body?: 'json' | 'opaque' | 'none' | undefined;
  /** In bytes. */
  readonly maxBody?: number | undefined;
  /** The most members and items of a JSON body. */
  readonly maxValues?: number | undefined;
  /** Requests that nobody decides on, as `GET /healthz`. */
  readonly passThrough?: readonly string[] | undefined;
  readonly preflight?: 'refuse' | 'pass' | undefined;
  /** Headers that are forwarded although no operation declares them. */
  readonly headers?: readonly string[] | undefined;
  /** Whether a number can have digits that not every reader of JSON keeps. */
  readonly numbers?: 'shared' | 'exact' | undefined;
  /** Whether the mappings of the document count. */
  readonly mappings?: 'declared' | 'bundle' | undefined;
}
