import { type Pointer, type Problems, quoted, type Source } from '../definition/problems.js';
import {
  type BodyRule,
  METHODS,
  type Method,
  type Operation,
  type Parameter,
  type ValueType,
} from '../definition/service.js';
import type { RouteSettings } from '../definition/settings.js';
import { canBeDeclared } from '../request/header-names.js';
import { parametersIn, type Template, templateOf } from './template.js';

/** A method and a path, as `GET /orders/{id}`. */
interface Route {
  readonly method: Method;
  readonly route: string;
  readonly template: Template;
}

const WITHOUT_BODY: ReadonlySet<Method> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);
const NAME = /^[!-~](?:[ -~]{0,198}[!-~])?$/;

/** Reads a route. Returns a text that says what is wrong with it. */
export function routeOf(text: string, basePath: string): Route | string {
  const [, method, route] = /^([A-Z]+) (\/\S*)$/.exec(text) ?? [];
  if (method === undefined || route === undefined) return 'a route is a method and a path, as GET /orders/{id}';
  if (!METHODS.includes(method as Method)) return `${method} is not one of ${METHODS.join(', ')}`;
  const template = templateOf(basePath + route);
  return typeof template === 'string' ? template : { method: method as Method, route, template };
}

/** Reads the routes of a service that has no document. */
export function listedOperations(
  routes: readonly RouteSettings[],
  basePath: string,
  { body, maxBytes }: { readonly body: 'json' | 'opaque' | 'none'; readonly maxBytes: number },
  source: Source,
  problems: Problems,
): { readonly operation: Operation; readonly at: Pointer }[] {
  return routes.flatMap((settings, i) => {
    const at: Pointer = ['routes', i];
    const found = routeOf(settings.route, basePath);
    if (typeof found === 'string') {
      problems.add(source, [...at, 'route'], `${quoted(settings.route)}: ${found}`, 'mend the route');
      return [];
    }
    const name = settings.operation ?? settings.route;
    if (!NAME.test(name))
      problems.add(source, at, `${quoted(name)} is not a name of 1 to 200 visible ASCII characters`, 'mend the name');
    const names = parametersIn(found.template);
    for (const one of Object.keys(settings.path ?? {}))
      if (!names.includes(one))
        problems.add(source, [...at, 'path', one], `the route has no {${one}}`, 'mend the name');
    for (const one of Object.keys(settings.query ?? {}))
      if (!/^[A-Za-z0-9_.~-]+$/.test(one) || /^_method$/i.test(one))
        problems.add(
          source,
          [...at, 'query', one],
          `${quoted(one)} is not a name that every server reads alike`,
          'use letters, digits, _, -, . and ~; not _method',
        );
    for (const one of Object.keys(settings.headers ?? {}))
      if (!canBeDeclared(one.toLowerCase()))
        problems.add(
          source,
          [...at, 'headers', one],
          `the header ${quoted(one)} cannot be a parameter`,
          'remove it: it belongs to the connection, or has another spelling at some servers',
        );
    const declared = new Set([...Object.keys(settings.query ?? {}), ...Object.keys(settings.headers ?? {})]);
    for (const one of settings.required ?? [])
      if (!declared.has(one))
        problems.add(
          source,
          [...at, 'required'],
          `${quoted(one)} is required and not declared`,
          'add it to query or headers',
        );
    const kind = settings.body ?? (WITHOUT_BODY.has(found.method) ? 'none' : body);
    if (kind !== 'none' && WITHOUT_BODY.has(found.method))
      problems.add(
        source,
        [...at, 'body'],
        `a body of ${found.method} has no meaning that servers agree on`,
        'use POST, PUT or PATCH',
      );
    if (settings.upgrade !== undefined && found.method !== 'GET')
      problems.add(
        source,
        [...at, 'upgrade'],
        `a WebSocket begins with GET, and not with ${found.method}`,
        'write the route with GET',
      );
    const required = new Set(settings.required);
    const operation: Operation = {
      name,
      ...found,
      path: new Map(names.map((one) => [one, parameter(one, settings.path?.[one] ?? 'string', true)])),
      query: mapOf(settings.query, required),
      headers: new Map([...mapOf(settings.headers, required)].map(([one, rule]) => [one.toLowerCase(), rule])),
      body: bodyRule(kind, maxBytes),
      upgrade: settings.upgrade,
      mapping: undefined,
    };
    return [{ operation, at }];
  });
}

function mapOf(types: Readonly<Record<string, string>> = {}, required: ReadonlySet<string>): Map<string, Parameter> {
  return new Map(Object.entries(types).map(([name, type]) => [name, parameter(name, type, required.has(name))]));
}

function parameter(name: string, type: string, isRequired: boolean): Parameter {
  const isList = type.endsWith('[]');
  const value = (isList ? type.slice(0, -2) : type) as ValueType;
  return {
    name,
    isRequired,
    form: isList ? 'repeated' : 'single',
    value: { type: value, isAddress: false },
    members: new Map(),
    schema: isList ? { type: 'array', items: { type: value } } : { type: value },
  };
}

function bodyRule(kind: 'json' | 'opaque' | 'none', maxBytes: number): BodyRule {
  const kinds = { json: ['application/json', 'json'], opaque: ['*/*', 'opaque'] } as const;
  return {
    kinds: new Map(kind === 'none' ? [] : [kinds[kind]]),
    isRequired: false,
    maxBytes,
    schema: kind === 'json' ? {} : undefined,
  };
}
