import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { colons, listed, ROUTES, type Served } from './routes.js';

/** A server of the shop, which answers each request with the route that it took and the values that it read. */
export interface ShopServer {
  readonly name: string;
  readonly port: number;
  close(): Promise<void>;
}

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Returns the shop in each of the frameworks, with its default settings. */
export async function shopListeners(): Promise<(readonly [name: string, listener: Listener])[]> {
  return [
    ['express', expressListener()],
    ['fastify', await fastifyListener()],
    ['hono', honoListener()],
    ['koa', koaListener()],
  ];
}

/** Starts the shop in each of the frameworks. */
export async function shopServers(): Promise<ShopServer[]> {
  return Promise.all(
    (await shopListeners()).map(async ([name, listener]) => {
      const server = createServer(listener);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return { name, port: (server.address() as AddressInfo).port, close: () => closed(server) };
    }),
  );
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

const NOTHING: Served = { route: undefined, params: {}, query: {}, body: '' };

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

function expressListener(): Listener {
  const app = express();
  for (const [method, route] of ROUTES)
    app[method](colons(route), async (request, response) => {
      const { params, query } = request;
      response.json({
        route,
        params: params as Served['params'],
        query: listed(query),
        body: await bodyOf(request),
      } satisfies Served);
    });
  app.use((_request: unknown, response: express.Response) => {
    response.status(404).json(NOTHING);
  });
  app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
    response.status(400).json(NOTHING);
  });
  return app;
}

async function fastifyListener(): Promise<Listener> {
  const app = fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  for (const [method, route] of ROUTES)
    app[method](colons(route), (request, reply) => {
      const { params, query, body } = request;
      reply.send({
        route,
        params: params as Served['params'],
        query: listed(query as object),
        body: (body as string | undefined) ?? '',
      } satisfies Served);
    });
  app.setNotFoundHandler((_request, reply) => {
    reply.code(404).send(NOTHING);
  });
  app.setErrorHandler((_error, _request, reply) => {
    reply.code(400).send(NOTHING);
  });
  await app.ready();
  return (request, response) => app.routing(request, response);
}

function honoListener(): Listener {
  const app = new Hono();
  for (const [method, route] of ROUTES)
    app[method](colons(route), async (context) => {
      const { req } = context;
      return context.json({
        route,
        params: req.param() as Served['params'],
        query: req.queries(),
        body: await req.text(),
      } satisfies Served);
    });
  app.notFound((context) => context.json(NOTHING, 404));
  return getRequestListener(app.fetch) as unknown as Listener;
}

/** Matches as `@koa/router` does by default: without regard to case, and to a slash at the end. */
function koaListener(): Listener {
  const app = new Koa();
  const routes = ROUTES.map(([method, route]) => ({
    method: method.toUpperCase(),
    route,
    names: [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string),
    pattern: new RegExp(`^${route.replace(/\{\w+\}/g, '([^/]+?)')}/?$`, 'i'),
  }));
  app.use(async (context) => {
    for (const { method, route, names, pattern } of routes) {
      const match = pattern.exec(context.path);
      if (match === null || (method !== context.method && !(context.method === 'HEAD' && method === 'GET'))) continue;
      const values = match.slice(1).map((text) => {
        try {
          return decodeURIComponent(text);
        } catch {
          return text;
        }
      });
      const params = Object.fromEntries(names.map((name, i) => [name, values[i] as string]));
      context.body = {
        route,
        params,
        query: listed({ ...context.query }),
        body: await bodyOf(context.req),
      } satisfies Served;
      return;
    }
    context.status = 404;
    context.body = NOTHING;
  });
  return app.callback();
}
