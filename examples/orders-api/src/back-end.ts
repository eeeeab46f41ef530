import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import express from 'express';
import { desk } from './desk.js';
import type { Orders } from './orders.js';

/**
 * Starts the back end with both of its faces: the operations of `openapi/orders.yaml`, and MCP at `/mcp`. It listens on loopback,
 * and takes no request without the credential that Writ injects.
 *
 * @param port 0 for any
 */
export async function startBackEnd(
  orders: Orders,
  credential: string,
  port: number,
): Promise<{ readonly server: Server; readonly url: string }> {
  const app = express();
  app.use((request, response, next) => {
    if (isSame(request.get('authorization') ?? '', `Bearer ${credential}`)) next();
    else response.status(401).json({ error: 'requests come through Writ' });
  });
  const mcp = toNodeHandler(createMcpHandler(() => desk(orders)));
  app.use('/mcp', (request, response) => {
    // Express takes the path of the mount away.
    request.url = request.originalUrl;
    void mcp(request as NodeIncomingMessageLike, response);
  });
  app.use(express.json());
  app.get('/orders', ({ query }, response) => {
    response.json(orders.list(query.status as string | undefined));
  });
  app.get('/orders/:id', ({ params }, response) => {
    const order = orders.find(params.id);
    response.status(order === undefined ? 404 : 200).json(order ?? { error: 'there is no such order' });
  });
  app.get('/orders/:id/notes', ({ params }, response) => {
    response.json(orders.notesOf(params.id));
  });
  app.post('/orders/:id/refunds', ({ params, body }, response) => {
    const refund = orders.refund({ order: params.id, amount: body.amount, over: 'HTTP' });
    response
      .status(refund === undefined ? 404 : 201)
      .json(refund === undefined ? { error: 'no such order' } : { refund });
  });
  app.post('/exports', ({ body }, response) => {
    orders.exports.push(body.to);
    response.status(201).json({ sent: true });
  });
  const server = createServer(app);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Compares two texts in a time that says nothing of them. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
