import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CALLBACK, Channels, type NotifySettings } from './channels.js';
import { DeliveryError } from './errors.js';

const clock = (): Date => new Date(1_700_000_000_000);
const received: { headers: IncomingHttpHeaders; body: string; url: string | undefined }[] = [];
let server: Server;
let url: string;
let status: number;

beforeEach(async () => {
  status = 200;
  received.length = 0;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      received.push({ headers: request.headers, body, url: request.url });
      response.writeHead(status, status === 302 ? { Location: `${url}/elsewhere` } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const settingsOf = (notify: NotifySettings, secret?: string) => ({
  notify,
  callbacks: secret === undefined ? {} : { secret },
});
const hook = (secret = 'hush') => ({ to: 'webhook' as const, url, secret });

describe('a webhook', () => {
  it('is signed over its time and its body', async () => {
    const settings = settingsOf({ hook: hook() });
    await new Channels(() => settings, clock).find('hook')?.send(url, '{"a":1}');
    const mac = createHmac('sha256', 'hush').update('1700000000.{"a":1}').digest('hex');
    expect(received[0]).toMatchObject({ body: '{"a":1}', headers: { 'content-type': 'application/json' } });
    expect(received[0]?.headers['writ-signature']).toBe(`t=1700000000,v1=${mac}`);
  });

  it.each([302, 400, 500])('that is answered with %i has not arrived, and goes nowhere else', async (answer) => {
    status = answer;
    const settings = settingsOf({ hook: hook() });
    await expect(new Channels(() => settings, clock).find('hook')?.send(url, '{}')).rejects.toThrow(DeliveryError);
    expect(received.map((one) => one.url)).toEqual(['/']);
  });

  it('that is not answered has not arrived', async () => {
    server.close();
    const settings = settingsOf({ hook: hook() });
    await expect(new Channels(() => settings, clock).find('hook')?.send(url, '{}')).rejects.toThrow(/does not answer/);
  });
});

describe('a mail', () => {
  it('that no server takes has not arrived', async () => {
    server.close();
    const { port } = new URL(url);
    const settings = settingsOf({
      post: { to: 'mail', server: `smtp://127.0.0.1:${port}`, from: 'f@a', address: 'email' },
    });
    const channels = new Channels(() => settings, clock);
    const sent = channels.find('post')?.send('lena@shop.example', JSON.stringify({ subject: 's', text: 't' }));
    await expect(sent).rejects.toThrow(DeliveryError);
    channels.close();
  });
});

describe('the channels of a bundle', () => {
  it('are made once, and made again when the bundle is replaced', () => {
    let settings = settingsOf({ hook: hook() });
    const channels = new Channels(() => settings, clock);
    const first = channels.find('hook');
    expect(channels.find('hook')).toBe(first);
    settings = settingsOf({ hook: hook() });
    expect(channels.find('hook')).not.toBe(first);
  });

  it.each<[what: string, name: string, secret: string | undefined, isThere: boolean]>([
    ['one that is declared', 'hook', undefined, true],
    ['none that is not', 'other', undefined, false],
    ['the callback, with a secret', CALLBACK, 'hush', true],
    ['no callback without one', CALLBACK, undefined, false],
  ])('have %s', (_what, name, secret, isThere) => {
    const settings = settingsOf({ hook: hook() }, secret);
    expect(new Channels(() => settings, clock).find(name) !== undefined).toBe(isThere);
  });

  it('refuse a secret that is not in the environment', () => {
    const settings = settingsOf({ hook: hook('${env:WRIT_NOT_SET}') });
    expect(() => new Channels(() => settings, clock).find('hook')).toThrow(/notify\.hook needs WRIT_NOT_SET/);
  });
});
