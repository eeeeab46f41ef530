import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { Authority } from '../../test/certificates.js';
import { OpenConnections } from './open-connections.js';

const opened: { end(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.end();
});

async function listening(server: Server): Promise<number> {
  opened.push({ end: () => void server.close() });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function client(port: number): Promise<{ readonly isClosed: () => boolean }> {
  const socket = connect(port, '127.0.0.1');
  opened.push({ end: () => void socket.destroy() });
  let isClosed = false;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isClosed = true;
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  return { isClosed: () => isClosed };
}

test('the oldest connection that has proved nobody is closed for a new one', async () => {
  const accepted: Socket[] = [];
  const server = createServer((socket) => void accepted.push(socket));
  const connections = new OpenConnections(server, 1, 3);
  const port = await listening(server);
  const first = await client(port);
  const second = await client(port);
  const third = await client(port);
  await expect.poll(() => accepted.length).toBe(3);
  connections.prove(accepted[0] as Socket);
  const fourth = await client(port);
  await expect.poll(() => second.isClosed()).toBe(true);
  expect([first, third, fourth].map(({ isClosed }) => isClosed())).toEqual([false, false, false]);
});

test('a connection over TLS is proved by its second socket', async () => {
  const { cert, key } = await (await Authority.make()).issue([{ type: 'ip', value: '127.0.0.1' }]);
  const secure: Socket[] = [];
  const server = createHttps({ cert, key });
  server.on('secureConnection', (socket: Socket) => void secure.push(socket));
  const connections = new OpenConnections(server, 1, 2);
  const port = await listening(server);
  let isClosed = false;
  const proved = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  opened.push({ end: () => void proved.destroy() });
  proved.on('close', () => {
    isClosed = true;
  });
  await expect.poll(() => secure.length).toBe(1);
  connections.prove(secure[0] as Socket);
  const silent = await client(port);
  await client(port);
  await expect.poll(() => silent.isClosed()).toBe(true);
  expect(isClosed).toBe(false);
});
