import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREDENTIAL, ENVOY, ENVOY_FACES, type EnvoyRig, envoyRig } from './envoy-rig.js';
import { listedQuery, rows, served } from './shop.js';
import { bytesOf } from './wire.js';

/**
 * The paths of the table for HTTP, and honest requests, through a real Envoy to four servers: the resource decided on is the one that
 * the server says it served, or the request was refused. `npm run envoy-paths -w @writ/enforce` sends all of them.
 */

const COUNT = Number(process.env.ENVOY_PATHS ?? 15);

interface Row {
  readonly method: string;
  readonly target: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** Returns rows of a table, from all parts of it. */
const sampleOf = (name: string): Row[] => {
  const all = rows<Row>(name).filter(({ target }) => !/[^\x21-\x7e]/.test(target));
  const step = Math.max(1, Math.floor(all.length / COUNT));
  return all.filter((_row, i) => i % step === 0);
};
const pairsOf = (list: readonly string[] = []): [string, string][] =>
  list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1] as string] as [string, string]] : []));

describe.skipIf(ENVOY === undefined)('through Envoy', () => {
  let rig: EnvoyRig;
  beforeAll(async () => {
    rig = await envoyRig();
  }, 30_000);
  afterAll(() => rig?.close());

  const send = async (port: number, { method, target, headers = [], body = '' }: Row) => {
    rig.decided.splice(0);
    const own = pairsOf(headers).filter(([name]) => !/^host$/i.test(name));
    const bytes = bytesOf(method, target, [['Host', 'shop.example'], CREDENTIAL, ...own], Buffer.from(body));
    const said = await served(port, bytes, method).catch(() => undefined);
    return { said, decided: rig.decided[0] };
  };

  it.each(ENVOY_FACES)('%s: a path is refused, or served as it was decided on', async (face) => {
    let passed = 0;
    for (const row of sampleOf('paths'))
      for (const { name } of rig.servers) {
        const { said, decided } = await send(rig.envoy.port(face, name), row);
        if (decided === undefined) {
          // Nothing was decided: no server may have served an operation.
          expect([row.target, said?.status === 200 && said.route !== '/healthz']).toEqual([row.target, false]);
          continue;
        }
        passed += 1;
        if (row.method === 'HEAD') continue;
        expect({ target: row.target, server: name, ...said }).toMatchObject({
          route: decided.operation?.route,
          params: decided.pathParams,
          query: listedQuery(decided),
        });
      }
    expect(passed).toBeGreaterThan(0);
  });

  it.each(ENVOY_FACES)('%s: an honest request is served as without Envoy', async (face) => {
    let passed = 0;
    for (const row of sampleOf('honest')) {
      for (const { name, port } of rig.servers) {
        const { said, decided } = await send(rig.envoy.port(face, name), row);
        // With ext_authz, an encoded letter is refused: a route could be chosen by it.
        if (face === 'ext-authz' && /%[467]/.test(row.target.split('?', 1)[0] as string)) continue;
        const { method, target, headers, body = '' } = row;
        const direct = await served(
          port,
          bytesOf(method, target, [['Host', 'shop.example'], ...pairsOf(headers)], Buffer.from(body)),
          method,
        );
        const plain = (text = ''): unknown => (decided?.json === undefined ? text : JSON.parse(text));
        expect({ row, server: name, ...said, body: plain(said?.body || undefined) }).toEqual({
          ...{ row, server: name },
          ...direct,
          body: plain(direct.body || undefined),
        });
        passed += 1;
      }
    }
    expect(passed).toBeGreaterThanOrEqual(Math.min(COUNT, 60));
  });
});
