import type { LogTiles } from '../../audit/log/log-tiles.js';
import { receiptOf } from '../../audit/log/receipts.js';
import { parseCheckpoint } from '../../audit/tlog/checkpoint.js';
import { LogProofError } from '../../audit/tlog/errors.js';
import { parseTilePath, widthAt } from '../../audit/tlog/tiles.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';

/** The log for verifiers: checkpoint, tiles and entries below `/v1/log` (C2SP tlog-tiles), and receipts. */
export function logTileRoutes(tiles: LogTiles, publicKey: () => string | undefined): Route[] {
  const access = { kind: 'area', area: 'log', how: 'read' } as const;
  return [
    route({
      method: 'GET',
      url: '/v1/log/checkpoint',
      operationId: 'readCheckpoint',
      tag: 'Administration',
      summary: 'Get the signed checkpoint of the log (C2SP tlog-checkpoint)',
      access,
      answers: { 200: { description: 'A signed note', contentType: TEXT } },
      async handle({ reply }) {
        reply.type(TEXT).header('Cache-Control', 'no-cache');
        reply.send((await tiles.head()).checkpoint);
      },
    }),
    route({
      method: 'GET',
      url: '/v1/log/key',
      operationId: 'readLogKey',
      tag: 'Administration',
      summary: 'Get the public key that the log is signed with (C2SP signed-note, a verifier key)',
      access,
      answers: {
        200: { description: 'One line', contentType: TEXT },
        404: { description: 'This service follows another, which signs' },
      },
      handle({ reply }) {
        const key = publicKey();
        if (key === undefined)
          throw new Problem(404, 'this service does not sign the log; ask the one that it follows');
        reply.type(TEXT).send(`${key}\n`);
      },
    }),
    route({
      method: 'GET',
      url: '/v1/log/tile/*',
      operationId: 'readTile',
      tag: 'Administration',
      summary: 'Get a tile of hashes or a bundle of entries (C2SP tlog-tiles)',
      access,
      answers: {
        200: { description: 'Concatenated hashes, or entries, each after its length', contentType: BYTES },
        404: { description: 'The log has no such tile' },
      },
      async handle({ params, reply }) {
        const name = parseTilePath(`tile/${params['*'] ?? ''}`);
        const { size } = parseCheckpoint((await tiles.head()).checkpoint);
        // A tile exists for readers only once the checkpoint covers it.
        if (name === undefined || name.width > widthAt(size, name.level, name.n))
          throw new Problem(404, 'the log has no such tile; its checkpoint says how long it is');
        const bytes = await tiles.read(name);
        reply.type(BYTES).header('Cache-Control', 'private, max-age=31536000, immutable');
        reply.send(bytes);
      },
    }),
    route({
      method: 'GET',
      url: '/v1/log/attachments/:sha256',
      operationId: 'readAttachment',
      tag: 'Administration',
      summary: 'Get an entry that is too long for its tile, by its hash',
      access,
      answers: {
        200: { description: 'The entry', contentType: 'application/json' },
        404: { description: 'There is no entry of that hash' },
      },
      async handle({ params, reply }) {
        const text = await tiles.attachment(params.sha256 ?? '');
        if (text === undefined) throw new Problem(404, 'there is no attachment of that hash');
        reply.send(text);
      },
    }),
    route({
      method: 'GET',
      url: '/v1/decisions/:id/receipt',
      operationId: 'getReceipt',
      tag: 'Administration',
      summary: 'Get the record of a decision with the proof that it is in the log (C2SP tlog-proof)',
      access: { kind: 'area', area: 'decisions', how: 'read' },
      answers: {
        200: { description: 'A file that is verified offline, with the public key alone', contentType: TEXT },
        404: { description: 'There is no decision of that id' },
        409: { description: 'No checkpoint covers it yet; ask again in a second' },
      },
      async handle({ params, reply }) {
        const text = await receiptOf(tiles, params.id ?? '').catch((error: unknown) => {
          throw error instanceof LogProofError ? new Problem(409, error.message) : error;
        });
        if (text === undefined) throw new Problem(404, `there is no decision ${params.id}`);
        reply.type(TEXT).send(text);
      },
    }),
  ];
}
