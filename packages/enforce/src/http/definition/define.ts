import { MAX_VALUES } from '@writ/sdk/lib/value-count';
import { operationsOf } from '../openapi/operations.js';
import { isObject, Reading } from '../openapi/reading.js';
import { serversOf } from '../openapi/servers.js';
import { canBeDeclared } from '../request/header-names.js';
import { listedOperations, routeOf } from '../routes/listed-routes.js';
import { conflictsIn, RouteTable } from '../routes/route-table.js';
import { parametersIn, type Template, templateOf } from '../routes/template.js';
import { byTemplateOf } from './by-template.js';
import { readDocument } from './document.js';
import { type Pointer, Problems, quoted, type Source } from './problems.js';
import type { Method, Operation, Service } from './service.js';
import type { ServiceSettings } from './settings.js';

const DEFAULT_MAX_BYTES = 2 ** 20;
const MAX_NOTES = 100;

interface Placed {
  readonly operation: Operation;
  readonly at: Pointer;
  readonly source: Source;
}

/** The contents of a document or of a list of routes. */
interface Described {
  readonly hosts: readonly string[];
  readonly basePath: string;
  readonly placed: readonly Placed[];
  readonly components: unknown;
}

/**
 * Makes a service ready for use, of its settings and its OpenAPI document.
 *
 * @param source where the settings stand, for the places of problems
 * @throws {DefinitionError} with all problems, if something has two readings or is not supported
 */
export function serviceOf(settings: ServiceSettings, source: Source): Service {
  const problems = new Problems();
  const notes: string[] = [];
  const upstream = upstreamOf(settings.upstream, source, problems);
  const described =
    settings.openapi === undefined
      ? ofRoutes(settings, source, problems)
      : ofDocument(settings, settings.openapi, source, problems, notes);
  const { placed, basePath } = described;
  checkNames(placed, problems);
  const byTemplate = byTemplateOf(placed.map(({ operation }) => operation));
  const templates = new Map(placed.map((one) => [one.operation.template.text, one]));
  for (const { one, other, reason } of conflictsIn(
    [...templates.values()].map(({ operation }) => operation.template),
  )) {
    const { source: from, at } = templates.get(other.text) as Placed;
    problems.add(
      from,
      at,
      `${quoted(one.text)} and ${quoted(other.text)}: ${reason}`,
      'change one of the paths, or remove it',
    );
  }
  const passThrough = passThroughOf(settings, basePath, byTemplate, source, problems);
  const passing = [...passThrough.values()].filter(({ text }) => !byTemplate.has(text));
  const hosts = hostsOf(settings, described.hosts, source, problems);
  for (const [i, name] of (settings.headers ?? []).entries())
    if (!canBeDeclared(name.toLowerCase()))
      problems.add(
        source,
        ['headers', i],
        `the header ${quoted(name)} cannot be forwarded`,
        'remove it: it belongs to the connection or to proxies',
      );
  problems.throwIfAny();
  return {
    name: settings.name,
    upstream: upstream as URL,
    hosts,
    operations: placed.map(({ operation }) => operation),
    table: new RouteTable([...[...templates.values()].map(({ operation }) => operation.template), ...passing], {
      isCaseInsensitive: settings.caseInsensitive ?? false,
      ignoresSlash: settings.trailingSlash === 'ignored',
    }),
    byTemplate,
    passThrough: new Set(passThrough.keys()),
    preflight: settings.preflight ?? 'refuse',
    headers: new Set((settings.headers ?? []).map((name) => name.toLowerCase())),
    numbers: settings.numbers ?? 'shared',
    maxValues: settings.maxValues ?? MAX_VALUES,
    notes: notes.slice(0, MAX_NOTES),
    components: described.components,
  };
}

function upstreamOf(text: string, source: Source, problems: Problems): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    `${url.search}${url.hash}${url.username}${url.password}` === '';
  if (!isOrigin)
    problems.add(
      source,
      ['upstream'],
      `the upstream ${quoted(text)} is not an origin`,
      'write scheme, host and port alone, as http://127.0.0.1:8080; a path belongs to basePath',
    );
  return url;
}

function ofDocument(
  settings: ServiceSettings,
  openapi: { readonly file: string; readonly text: string },
  source: Source,
  problems: Problems,
  notes: string[],
): Described {
  if (settings.routes !== undefined)
    problems.add(
      source,
      ['routes'],
      'the service has a document and routes',
      'remove one: operations stand in one place',
    );
  const document = readDocument(openapi.file, openapi.text);
  const reading = new Reading(document, problems);
  const root = isObject(document.root) ? document.root : {};
  const { openapi: version } = root;
  if (typeof version !== 'string' || !/^3\.[01]\.\d+/.test(version))
    problems.add(
      document,
      ['openapi'],
      `the document is not OpenAPI 3.0 or 3.1: openapi is ${quoted(version)}`,
      'write it as OpenAPI 3.0 or 3.1, with openapi: 3.1.0',
    );
  problems.throwIfAny();
  const { hosts, basePath } = serversOf(reading, root, checkedBase(settings, source, problems));
  const options = {
    basePath,
    mapsItself: settings.mappings !== 'bundle',
    body: settings.body ?? 'json',
    maxBytes: settings.maxBody ?? DEFAULT_MAX_BYTES,
  };
  const placed = operationsOf(reading, root, options, notes);
  if (placed.length === 0)
    reading.problem(['paths'], 'the document has no operation that can be served', 'add one under paths');
  return { hosts, basePath, placed: placed.map((one) => ({ ...one, source: document })), components: root.components };
}

function ofRoutes(settings: ServiceSettings, source: Source, problems: Problems): Described {
  const basePath = checkedBase(settings, source, problems) ?? '';
  const body = { body: settings.body ?? 'json', maxBytes: settings.maxBody ?? DEFAULT_MAX_BYTES };
  const placed = listedOperations(settings.routes ?? [], basePath, body, source, problems);
  if ((settings.routes ?? []).length === 0)
    problems.add(
      source,
      [],
      `the service ${quoted(settings.name)} has no operations`,
      'name its document as openapi, or list its routes',
    );
  return { hosts: [], basePath, placed: placed.map((one) => ({ ...one, source })), components: undefined };
}

function checkedBase({ basePath }: ServiceSettings, source: Source, problems: Problems): string | undefined {
  if (basePath === undefined || basePath === '' || basePath === '/') return basePath === undefined ? undefined : '';
  const template = templateOf(basePath);
  const wrong = typeof template === 'string' ? template : template.hasSlash || parametersIn(template).length > 0;
  if (wrong === false) return basePath;
  problems.add(
    source,
    ['basePath'],
    `the base path ${quoted(basePath)} is not plain`,
    'write it as /api/v1, without a slash at its end and without parameters',
  );
  return '';
}

function checkNames(placed: readonly Placed[], problems: Problems): void {
  const names = new Set<string>();
  const routes = new Set<string>();
  for (const { operation, at, source } of placed) {
    const route = `${operation.method} ${operation.template.text} ${operation.chosenBy?.value ?? ''}`.trim();
    if (names.has(operation.name))
      problems.add(source, at, `two operations have the name ${quoted(operation.name)}`, 'give each a name of its own');
    else if (routes.has(route)) problems.add(source, at, `${route} is declared twice`, 'remove one');
    names.add(operation.name);
    routes.add(route);
  }
}

function passThroughOf(
  { passThrough = [] }: ServiceSettings,
  basePath: string,
  operations: ReadonlyMap<string, ReadonlyMap<Method, Operation>>,
  source: Source,
  problems: Problems,
): Map<string, Template> {
  const found = new Map<string, Template>();
  for (const [i, text] of passThrough.entries()) {
    const route = routeOf(text, '');
    const at = ['passThrough', i];
    if (typeof route === 'string') problems.add(source, at, `${quoted(text)}: ${route}`, 'write it as GET /healthz');
    else if (route.method !== 'GET' || parametersIn(route.template).length > 0)
      problems.add(
        source,
        at,
        `${quoted(text)} is not a GET of one path`,
        'declare it as an operation, so that it is decided on',
      );
    else if (operations.get(route.template.text)?.has('GET') === true)
      problems.add(source, at, `${quoted(text)} is an operation, which is decided on`, 'remove it here, or there');
    else found.set(`GET ${route.template.text}`, route.template);
  }
  const declared = [...operations.values()].map((methods) => [...methods.values()][0]?.template as Template);
  const passing = [...found.values()].filter(({ text }) => !operations.has(text));
  for (const { one, other, reason } of conflictsIn([...declared, ...passing]))
    if (passing.includes(other))
      problems.add(
        source,
        ['passThrough'],
        `${quoted(one.text)} and ${quoted(other.text)}: ${reason}`,
        `change one of them; base path is ${quoted(basePath)}`,
      );
  return found;
}

function hostsOf(
  settings: ServiceSettings,
  ofDocument: readonly string[],
  source: Source,
  problems: Problems,
): Set<string> {
  const hosts = (settings.hosts ?? ofDocument).map((host) => host.toLowerCase());
  if (hosts.length === 0)
    problems.add(
      source,
      ['hosts'],
      `no name is known under which requests ask for ${quoted(settings.name)}`,
      'list them as hosts, as [shop.example]',
    );
  for (const host of hosts)
    if (!/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/.test(host))
      problems.add(source, ['hosts'], `${quoted(host)} is not a host`, 'write it as shop.example or shop.example:8443');
  return new Set(hosts);
}
