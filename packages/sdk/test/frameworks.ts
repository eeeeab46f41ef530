import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import Router from '@koa/router';
import { Controller, Get, Module, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import * as ofExpress from '../src/express/index.js';
import * as ofFastify from '../src/fastify/index.js';
import * as ofHono from '../src/hono/index.js';
import type { GuardedCall, Writ } from '../src/index.js';
import * as ofKoa from '../src/koa/index.js';
import * as ofNest from '../src/nest/index.js';

/** An application in a framework: `/orders/:id` is read by GET, and fails with POST; `/front/:id` has its check before routing. */
export interface Application {
  readonly url: string;
  close(): Promise<unknown>;
}
/** Notes each handler that ran, with the id that it had. */
export type Ran = (id: string) => void;
type Start = (writ: Writ, ran: Ran) => Promise<Application>;

const callOf = (id: string | undefined): GuardedCall => {
  if (id === 'undescribed') throw new Error('secret of the application');
  return { subject: { type: 'User', id: 'ana' }, action: 'read_order', resource: { type: 'Order', id: id ?? '' } };
};
const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const listening = (server: Server): Promise<Application> =>
  new Promise((resolve) => {
    const ready = () =>
      resolve({
        url: urlOf(server),
        close() {
          server.closeAllConnections();
          return new Promise((done) => server.close(done));
        },
      });
    if (server.listening) ready();
    else server.once('listening', ready);
  });

type Params = { params: { id: string } };

const startExpress: Start = (writ, ran) => {
  const app = express();
  const check = ofExpress.requires(writ, ({ params }) => callOf(String(params.id)));
  app.get('/orders/:id', check, (request, response) => {
    ran(String(request.params.id));
    response.send('done');
  });
  app.post('/orders/:id', check, (request) => {
    ran(String(request.params.id));
    throw new Error('broken');
  });
  app.use('/front/:id', check, (request, response) => {
    ran(String(request.params.id));
    response.send('done');
  });
  app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
    response.status(500).end();
  });
  return listening(app.listen(0, '127.0.0.1'));
};

const startFastify: Start = async (writ, ran) => {
  const app = Fastify();
  app.addHook(
    'preHandler',
    ofFastify.requires(writ, ({ params }) => callOf((params as { id: string }).id)),
  );
  app.get('/orders/:id', async (request) => {
    ran((request.params as { id: string }).id);
    return 'done';
  });
  app.post('/orders/:id', async (request) => {
    ran((request.params as { id: string }).id);
    throw new Error('broken');
  });
  app.setNotFoundHandler(async () => {
    ran('not found');
    return 'done';
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { url, close: () => app.close() };
};

const startHono: Start = (writ, ran) => {
  const app = new Hono();
  const check = ofHono.requires(writ, (c) => callOf(c.req.param('id')));
  app.get('/orders/:id', check, (c) => {
    ran(c.req.param('id'));
    return c.text('done');
  });
  app.post('/orders/:id', check, (c) => {
    ran(c.req.param('id'));
    throw new Error('broken');
  });
  app.use('/front/:id', check);
  app.get('/front/:id', (c) => {
    ran(c.req.param('id'));
    return c.text('done');
  });
  app.onError((_error, c) => c.text('broken', 500));
  return listening(serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server);
};

const startKoa: Start = (writ, ran) => {
  const app = new Koa();
  app.silent = true;
  const router = new Router();
  const check = ofKoa.requires(writ, ({ params }) => callOf(params.id));
  router.get('/orders/:id', check, (context) => {
    ran(context.params.id as string);
    context.body = 'done';
  });
  router.post('/orders/:id', check, (context) => {
    ran(context.params.id as string);
    throw new Error('broken');
  });
  app.use(router.routes());
  app.use(check as Koa.Middleware);
  app.use((context) => {
    ran('front');
    context.body = 'done';
  });
  return listening(app.listen(0, '127.0.0.1'));
};

const startNest: Start = async (writ, ran) => {
  // Decorators by hand: the sources of tests are not compiled with them.
  class Orders {
    read({ params }: Params): string {
      ran(params.id);
      return 'done';
    }
    write({ params }: Params): string {
      ran(params.id);
      throw new Error('broken');
    }
    front({ params }: Params): string {
      ran(params.id);
      return 'done';
    }
  }
  const decorate = (name: keyof Orders, ...decorators: MethodDecorator[]): void => {
    const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, name) as PropertyDescriptor;
    Req()(Orders.prototype, name, 0);
    for (const one of decorators) one(Orders.prototype, name, descriptor);
  };
  const requires = ofNest.Requires<Params>(({ params }) => callOf(params.id)) as MethodDecorator;
  decorate('read', Get('orders/:id'), requires);
  decorate('write', Post('orders/:id'), requires);
  decorate('front', Get('front/:id'));
  Controller()(Orders);
  class App {}
  Module({ controllers: [Orders] })(App);
  const app = await NestFactory.create(App, { logger: false });
  app.useGlobalGuards(new ofNest.WritGuard(writ));
  await app.listen(0, '127.0.0.1');
  return { url: urlOf(app.getHttpServer() as Server), close: () => app.close() };
};

/** How an application in each framework is started. */
export const FRAMEWORKS: Readonly<Record<string, Start>> = {
  express: startExpress,
  fastify: startFastify,
  hono: startHono,
  koa: startKoa,
  nest: startNest,
};
