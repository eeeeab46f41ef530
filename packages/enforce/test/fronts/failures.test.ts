import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURES, FailingPlace } from '../failures.js';
import { type BehindFront, behindFront } from './behind-front.js';
import { FRONTS } from './real-fronts.js';

/** Real fronts whose check endpoint is gone, slow or answers junk: no request passes any of them. */

const place = new FailingPlace();
let fronts: Map<string, BehindFront>;
beforeAll(async () => {
  await place.open();
  const started = await Promise.all(FRONTS.map(async (name) => [name, await behindFront(name, place.port)] as const));
  fronts = new Map(started.flatMap(([name, front]) => (front === undefined ? [] : [[name, front]])));
});
afterAll(async () => {
  await Promise.all([...fronts.values()].map((front) => front.close()));
  await place.close();
});

/** Sends a request, and returns the status of the answer; undefined if none comes while the others are asked. */
function statusOf(port: number, waits: Promise<unknown>): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (piece) => {
      resolve(Number(/^HTTP\/1\.[01] (\d{3})/.exec(piece.toString('latin1'))?.[1]));
      socket.destroy();
    });
    socket.on('close', () => resolve(undefined));
    socket.on('error', () => resolve(undefined));
    socket.write(
      'GET /orders/1 HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer c\r\nConnection: close\r\n\r\n',
    );
    void waits.then(() => socket.destroy());
  });
}

describe.each(FRONTS)('%s', (name) => {
  it.each(Object.entries(FAILURES))('lets nothing pass if the check endpoint %s', async (_failure, take) => {
    const behind = fronts.get(name);
    if (behind === undefined) return;
    let asked: () => void = () => {};
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    place.choose((socket) => {
      socket.once('data', () => setTimeout(asked, 50));
      socket.once('close', asked);
      take(socket);
    });
    const status = await statusOf(behind.front.port, wasAsked);
    expect({ status, received: behind.take().received }).toEqual({ status, received: [] });
    // Caddy passes a redirect and a 100 on, which are answers of the endpoint.
    if (status !== undefined && status !== 100) expect(status).toBeGreaterThanOrEqual(300);
  });
});

it('no front lets anything pass if nothing listens', async () => {
  await place.close();
  const [first, ...others] = ['nginx', 'caddy', 'haproxy'].flatMap((name) => fronts.get(name) ?? []);
  if (first === undefined) return;
  const answered = statusOf(first.front.port, new Promise(() => {}));
  // HAProxy tries for three seconds.
  const all = await Promise.all([answered, ...others.map(({ front }) => statusOf(front.port, answered))]);
  for (const behind of [first, ...others]) expect(behind.take().received).toEqual([]);
  for (const status of all) expect(status ?? 500).toBeGreaterThanOrEqual(500);
  await place.open();
});
