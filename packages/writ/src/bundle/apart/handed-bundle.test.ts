import { fileURLToPath } from 'node:url';
import { Entities, finish } from '@writ/cedar';
import { describe, expect, it } from 'vitest';
import { PieceReader, piecesOf } from '../../lib/pieces.js';
import { type Bundle, readBundleFrom, type ServedBundle } from '../bundle.js';
import { readBundleFiles } from '../files.js';
import { assembling, handedBundle } from './handed-bundle.js';

const SUPPORT_DESK = fileURLToPath(new URL('../../../../../examples/support-desk', import.meta.url));

const SMALL = {
  'writ.yaml': 'name: small',
  'schema.cedarschema': 'entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'policies/a.cedar':
    '@id("a") @constructor("x") @__proto__("y") permit(principal, action, resource) when { 9007199254740993 == 9007199254740993 };',
  'service/a.cedar': '@id("own") forbid(principal == Caller::"ana", action, resource);',
};

function read(texts: ReadonlyMap<string, string>): Bundle {
  const { bundle, findings } = readBundleFrom({ root: '/', texts, version: 'v', unread: [] });
  if (bundle === undefined) throw new Error(JSON.stringify(findings));
  return bundle;
}

/** The bundle as it arrives from the process that reads bundles. */
function handed(bundle: Bundle): ServedBundle {
  const reader = new PieceReader();
  for (const piece of piecesOf(handedBundle(bundle))) reader.add(piece);
  return finish(assembling(reader.value as ReturnType<typeof handedBundle>));
}

describe('a bundle that is handed over', () => {
  it('is the bundle that was read', () => {
    const bundle = read(readBundleFiles(SUPPORT_DESK).texts);
    const { schema, policies, sources, servicePolicy, services, texts: _, unread: __, ...plain } = bundle;
    const served = handed(bundle);
    expect(served).toMatchObject(plain);
    expect(served.schema).toEqual(schema);
    expect(served.services).toEqual(services);
    const parts = ({ asts }: typeof policies) =>
      [...asts].map(({ id, effect, annotations, principal, action, resource, conditions }) => ({
        ...{ id, effect, annotations, principal, action, resource, conditions },
      }));
    expect(parts(served.policies)).toEqual(parts(policies));
    expect(served.sources.map(({ id, file }) => [id, file])).toEqual(sources.map(({ id, file }) => [id, file]));
    expect(served.servicePolicy.ids).toEqual(servicePolicy.ids);
  });

  it('decides as it did, before all is prepared and afterwards', () => {
    const served = handed(read(new Map(Object.entries(SMALL))));
    const [principal, action, resource] = ['User', 'Action', 'Doc'].map((type) => ({ type, id: 'read' }));
    const request = { principal, action, resource } as never;
    const entities = Entities.fromJson([], { schema: served.schema });
    expect(served.policies.isAuthorized(request, entities)).toMatchObject({ decision: 'allow', reasons: ['a'] });
    const others = Entities.fromJson([], { schema: served.schema });
    finish(served.policies.binding(others));
    expect(served.policies.isAuthorized(request, others)).toMatchObject({ decision: 'allow', reasons: ['a'] });
  });

  it('has the annotations of its author, and no others', () => {
    const { annotations } = handed(read(new Map(Object.entries(SMALL)))).policies.policies.get('a') ?? {};
    expect(Object.entries(annotations ?? {})).toEqual(
      expect.arrayContaining([
        ['constructor', 'x'],
        ['__proto__', 'y'],
      ]),
    );
    expect([annotations?.toString, Object.keys(annotations ?? {}).length]).toEqual([undefined, 3]);
  });

  it('keeps its own service policies', () => {
    const served = handed(read(new Map(Object.entries(SMALL))));
    const caller = (name: string) => ({ name, roles: ['administrator'], method: 'key' }) as const;
    const may = (name: string) => served.servicePolicy.permits(caller(name), 'write', { type: 'Area', id: 'policy' });
    expect([served.servicePolicy.ids.includes('own'), may('ben'), may('ana')]).toEqual([true, true, false]);
  });
});
