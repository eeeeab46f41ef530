import { RouteTable, type TableOptions } from '../routes/route-table.js';
import type { Template } from '../routes/template.js';
import { byTemplateOf } from './by-template.js';
import type { Operation, Service } from './service.js';

/** A service as data that another process can be handed: without the schemas of its document, which no request needs. */
export interface PlainService
  extends Pick<
    Service,
    'name' | 'hosts' | 'operations' | 'passThrough' | 'preflight' | 'headers' | 'numbers' | 'maxValues'
  > {
  readonly upstream: string;
  readonly templates: readonly Template[];
  readonly matching: TableOptions;
}

/** Returns a service as plain data. */
export function plainService({ upstream, table, operations, ...service }: Service): PlainService {
  const { name, hosts, passThrough, preflight, headers, numbers, maxValues } = service;
  return {
    ...{ name, hosts, passThrough, preflight, headers, numbers, maxValues },
    upstream: upstream.href,
    operations: operations.map(withoutSchemas),
    templates: table.templates,
    matching: table.options,
  };
}

/** Makes a service of plain data. */
export function servedService({ upstream, templates, matching, operations, ...service }: PlainService): Service {
  const byTemplate = byTemplateOf(operations);
  const table = new RouteTable(templates, matching);
  return { ...service, upstream: new URL(upstream), operations, table, byTemplate, notes: [], components: undefined };
}

function withoutSchemas(operation: Operation): Operation {
  const without = (parameters: Operation['path']): Operation['path'] =>
    new Map([...parameters].map(([name, parameter]) => [name, { ...parameter, schema: undefined }]));
  return {
    ...operation,
    path: without(operation.path),
    query: without(operation.query),
    headers: without(operation.headers),
    body: { ...operation.body, schema: undefined },
  };
}
