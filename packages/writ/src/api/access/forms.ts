import type { EntityUid } from '@writ/cedar';
import { z } from 'zod';
import type { LogReader } from '../../audit/log/log-reader.js';
import { inProcess } from '../../decide/caller.js';
import type { Decider } from '../../decide/decide.js';
import { SearchPlaceLost } from '../../decide/errors.js';
import type { DecisionRecord } from '../../decide/record.js';
import { searchEntities } from '../../decide/search.js';
import type { Provenance } from '../../provenance/path.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

export interface FormParts {
  readonly decider: () => Decider;
  readonly reader: LogReader;
  readonly publicUrl: () => string;
}

/** The action that decides which entities of a catalog an identity sees. */
const BROWSE = 'browse';
const PAGE = 100;
const CALLER = inProcess('access');

const itemShape = z.object({ value: z.string(), label: z.string() });

/** The forms of requests for access, and their catalogs (profile, "Machine-Readable Forms", "Catalog References"). */
export function formRoutes({ decider, reader, publicUrl }: FormParts): Route[] {
  const formOf = (name: string) => {
    const form = decider().plane.forms.get(name);
    if (form === undefined) throw new Problem(404, `there is no form ${name}`);
    return form;
  };
  return [
    route({
      method: 'GET',
      url: '/access/v1/request-forms/:template/schema',
      operationId: 'getRequestSchema',
      tag: 'AuthZEN',
      summary: 'Get the additional fields of a request for access, as JSON Schema',
      access: { kind: 'caller' },
      answers: {
        200: { description: 'JSON Schema', shape: z.record(z.string(), z.unknown()) },
        404: { description: 'There is no such form or catalog' },
      },
      handle: ({ params }) => formOf(params.template ?? '').schema,
    }),
    route({
      method: 'GET',
      url: '/access/v1/request-forms/:template/catalogs',
      operationId: 'getRequestCatalogs',
      tag: 'AuthZEN',
      summary: 'List the fields of a request that have a catalog, with its URL',
      access: { kind: 'caller' },
      query: z.object({ evaluation_id: z.string().max(64) }),
      answers: {
        200: {
          description: 'By JSON Pointer',
          shape: z.object({ fields: z.record(z.string(), z.object({ endpoint: z.string() })) }),
        },
        404: { description: 'There is no such form or catalog' },
      },
      handle({ params, query }) {
        const { template = '' } = params;
        const { catalogs } = formOf(template);
        const base = publicUrl().replace(/\/$/, '');
        const fields = Object.keys(catalogs).map((pointer) => {
          const at = new URLSearchParams({ field: pointer, evaluation_id: query.evaluation_id });
          return [
            pointer,
            { endpoint: `${base}/access/v1/request-forms/${encodeURIComponent(template)}/catalog?${at}` },
          ];
        });
        return { fields: Object.fromEntries(fields) };
      },
    }),
    route({
      method: 'GET',
      url: '/access/v1/request-forms/:template/catalog',
      operationId: 'getRequestCatalog',
      tag: 'AuthZEN',
      summary: 'List the values of a field that the denied identities may see',
      access: { kind: 'caller' },
      query: z.object({
        field: z.string().max(1_024),
        evaluation_id: z.string().max(64),
        q: z.string().max(256).optional(),
        cursor: z.string().max(1_024).optional(),
        limit: z.coerce.number().int().min(1).max(PAGE).default(PAGE),
      }),
      answers: {
        200: {
          description: 'A page',
          shape: z.object({ items: z.array(itemShape), next_cursor: z.string().optional() }),
        },
        404: { description: 'There is no such form or catalog' },
      },
      async handle({ params, query, caller }) {
        const { catalogs } = formOf(params.template ?? '');
        const { field, q = '', cursor = '', limit, evaluation_id: id } = query;
        const catalog = Object.hasOwn(catalogs, field) ? catalogs[field] : undefined;
        const denied = (await reader.find(id))?.decision;
        if (catalog === undefined || denied === undefined || denied.enforcementPoint !== caller.enforcementPoint)
          throw new Problem(404, 'there is no such catalog for this denial');
        const { type, label } = catalog;
        const items: z.output<typeof itemShape>[] = [];
        let after = cursor;
        for (;;) {
          const { found, hasMore } = await visible(denied, type, limit, after);
          for (const { id: value } of found) {
            const named = label === undefined ? undefined : labelOf({ type, id: value }, label);
            const shown = { value, label: named ?? value };
            if (!`${shown.value} ${shown.label}`.toLowerCase().includes(q.toLowerCase())) continue;
            if (items.length === limit) return { items, next_cursor: items[limit - 1]?.value };
            items.push(shown);
          }
          if (!hasMore) return { items };
          after = found[found.length - 1]?.id ?? '';
        }
      },
    }),
  ];

  function labelOf(uid: EntityUid, attribute: string): string | undefined {
    const value = decider().plane.registry.resident(uid)?.attributes.get(attribute);
    return typeof value === 'string' ? value : undefined;
  }

  /** Returns the entities that everybody on the denied path may see. None, if the schema has no such action. */
  async function visible({ request, provenance }: DecisionRecord, type: string, limit: number, after: string) {
    if (!decider().plane.actions.has(BROWSE)) return { found: [], hasMore: false };
    const { subject } = request;
    const asked = {
      subject: { type: subject.type, id: subject.id },
      action: { name: BROWSE },
      resource: { type, id: '' },
    };
    const search = { part: 'resource', request: asked, token: provenance as Provenance } as const;
    try {
      return await searchEntities(decider(), search, CALLER, limit, after === '' ? undefined : after);
    } catch (error) {
      if (error instanceof SearchPlaceLost) throw new Problem(400, 'cursor: begin again without one');
      throw error;
    }
  }
}
