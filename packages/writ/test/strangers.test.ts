import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { bundleOf, type Running, run } from './running.js';

/** Strangers, and bodies that never end, keep no caller out (docs/operate.md, "Overload"). */

const FILES = {
  'writ.yaml': 'name: strangers',
  'schema.cedarschema': 'entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};
const READ = { subject: { type: 'User', id: 'ana' }, action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };
/** More than the requests that may wait. */
const MANY = 2_150;
const FORM = 'Content-Type: application/x-www-form-urlencoded';

let writ: Running;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await writ.stop();
});

/** Sends texts on connections of their own, and leaves these open. */
async function leaveOpen(count: number, text: string): Promise<void> {
  const port = Number(new URL(writ.url).port);
  for (let left = count; left > 0; left -= 200)
    await Promise.all(
      Array.from({ length: Math.min(left, 200) }, async () => {
        const socket = connect(port, '127.0.0.1');
        sockets.push(socket);
        socket.on('error', () => undefined);
        await new Promise((resolve) => socket.once('connect', resolve));
        await new Promise((resolve) => socket.write(text, resolve));
      }),
    );
}

const decided = () => writ.send('POST', '/access/v1/evaluation', READ);

describe('bodies that do not end', () => {
  it.each([
    ['an approval link', '/approve/x', FORM],
    ['a stream of events', '/ssf/events/x', 'Content-Type: application/secevent+jwt'],
  ])('of %s, without a credential, keep nobody out', async (_what, path, type) => {
    writ = await run(bundleOf(FILES));
    await leaveOpen(MANY, `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${type}\r\nContent-Length: 100\r\n\r\nhalf`);
    expect((await decided()).json).toEqual({ decision: true });
    // An honest person opens their link, and votes by it.
    const voted = await writ.send('POST', '/approve/x', 'verdict=deny&reason=no', {
      as: null,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect([(await writ.send('GET', '/approve/x', undefined, { as: null })).status, voted.status]).toEqual([410, 410]);
  });

  it('of a caller keep neither others out nor that caller', async () => {
    writ = await run(bundleOf(FILES));
    const head = `POST /access/v1/evaluation HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${writ.key()}`;
    await leaveOpen(MANY, `${head}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`);
    expect((await writ.send('GET', '/v1/policy', undefined, { as: 'admin' })).status).toBe(200);
    expect((await decided()).json).toEqual({ decision: true });
  });

  it('of half a head, and of nothing, keep nobody out', async () => {
    writ = await run(bundleOf(FILES));
    await leaveOpen(MANY / 2, '');
    await leaveOpen(MANY / 2, 'POST /access/v1/evaluation HTTP/1.1\r\nHost:');
    expect((await decided()).json).toEqual({ decision: true });
  });

  it('many on one connection, keep nobody out', async () => {
    writ = await run(bundleOf(FILES));
    const whole = `POST /approve/x HTTP/1.1\r\nHost: localhost\r\n${FORM}\r\nContent-Length: 1\r\n\r\na`;
    await leaveOpen(1, whole.repeat(MANY));
    expect((await decided()).json).toEqual({ decision: true });
  });
});

it('a stranger sends a short body only', async () => {
  writ = await run(bundleOf(FILES));
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const long = await writ.send('POST', '/approve/x', `verdict=deny&reason=${'x'.repeat(50_000)}`, {
    as: null,
    headers,
  });
  expect(long.status).toBe(413);
  // The longest reason, each character of it encoded.
  const longest = encodeURIComponent('\u20ac'.repeat(4_096));
  const honest = await writ.send('POST', '/approve/x', `verdict=deny&reason=${longest}`, { as: null, headers });
  expect(honest.status).toBe(410);
});
