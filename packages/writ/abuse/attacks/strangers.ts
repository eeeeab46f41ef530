import { connect, type Socket } from 'node:net';
import { staysUp, unless } from '../alive.js';
import { type Attack, BOTH } from '../attack.js';
import { rest, sendRaw } from '../processes.js';
import type { World } from '../world.js';

/** F8 and F19: what a sender without a credential can do at the two ports. */

const FORM = 'Content-Type: application/x-www-form-urlencoded';
const EVENT = 'Content-Type: application/secevent+jwt';
const half = (path: string, type: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${type}\r\nContent-Length: 100\r\n\r\nhalf`;
const whole = `POST /approve/x HTTP/1.1\r\nHost: localhost\r\n${FORM}\r\nContent-Length: 1\r\n\r\na`;
/** More than the requests that may wait. */
const MANY = 2_150;

/** The text that is sent on each of some connections, which stay open. */
const OPEN: Readonly<Record<string, readonly [connections: number, text: string]>> = {
  'of an approval link': [MANY, half('/approve/x', FORM)],
  'of a stream of events': [MANY, half('/ssf/events/x', EVENT)],
  'in chunks': [
    MANY,
    half('/approve/x', FORM)
      .replace('Content-Length: 100', 'Transfer-Encoding: chunked')
      .replace('half', '4\r\nhalf\r\n'),
  ],
  'of a decision, with a wrong key': [MANY, half('/access/v1/evaluation', 'Authorization: Bearer writ_x')],
  'many on one connection': [1, whole.repeat(MANY)],
  'half heads': [MANY / 2, 'POST /access/v1/evaluation HTTP/1.1\r\nHost:'],
};

async function leaveOpen(world: World, port: number, count: number, text: string): Promise<void> {
  const sockets: Socket[] = [];
  world.onEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await rest(200);
  });
  for (let left = count; left > 0; left -= 200)
    await Promise.all(
      Array.from({ length: Math.min(left, 200) }, async () => {
        const socket = connect(port, '127.0.0.1');
        sockets.push(socket);
        socket.on('error', () => undefined);
        await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
        if (!socket.destroyed) await new Promise((resolve) => socket.write(text, resolve));
      }),
    );
}

const unfinished = Object.entries(OPEN).map(
  ([what, [connections, text]]): Attack => ({
    kind: 'unfinished bodies',
    name: `unfinished bodies: ${what}`,
    finding: 'F8',
    stores: what === 'of an approval link' ? BOTH : ['sqlite'],
    async attack(world) {
      const service = await world.plain();
      await leaveOpen(world, service.port, connections, text);
      return staysUp(service, () => rest(2_500), { limitMs: 4_000 });
    },
    async twin(world) {
      const service = await world.plain();
      const statuses = await sendRaw(service.port, whole.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      return unless(statuses[0] === '400' || statuses[0] === '410', () => `a whole form was answered with ${statuses}`);
    },
  }),
);

const TARGETS: readonly string[] = [
  'GET // HTTP/1.1',
  'GET /\\ HTTP/1.1',
  'GET http://[ HTTP/1.1',
  'GET http://[::1 HTTP/1.1',
  'TRACE /mcp HTTP/1.1',
  'TRACE / HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'GET /%zz HTTP/1.1',
  'GET /v1/decisions/%ff HTTP/1.1',
  'POST //mcp HTTP/1.1',
  'GET http://evil.example/mcp HTTP/1.1',
  'CONNECT evil.example:443 HTTP/1.1',
  'GET /mcp?%00 HTTP/1.1',
];

const malformed = (['service', 'gateway'] as const).map(
  (which): Attack => ({
    kind: 'malformed requests',
    name: `${which}: TRACE, malformed targets and others’ names`,
    finding: 'F19',
    sample: which === 'service',
    async attack(world) {
      const service = await world.flow();
      const port = which === 'service' ? service.port : service.gatewayPort;
      const said = await Promise.all(
        TARGETS.map(async (line) => {
          const [status] = await sendRaw(port, `${line}\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
          return status === undefined || /^4/.test(status) ? [] : [`${line.slice(0, -9)}: ${status}`];
        }),
      );
      return unless(said.flat().length === 0, () => said.flat().join(', '));
    },
    async twin(world) {
      const service = await world.flow();
      const [port, path] = which === 'service' ? [service.port, '/livez'] : [service.gatewayPort, '/mcp'];
      const [status] = await sendRaw(
        port,
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
      );
      return unless(
        status === (which === 'service' ? '200' : '401'),
        () => `an honest request was answered with ${status}`,
      );
    },
  }),
);

/** A page that the browser of a person shows, and that reaches for their own machine. */
const FOREIGN: Readonly<Record<string, string>> = {
  'a name that was rebound': 'Host: evil.example',
  'a name that was rebound, with the port': 'Host: evil.example:7465',
  'a page of another origin': 'Host: localhost\r\nOrigin: https://evil.example',
  'a page without an origin': 'Host: localhost\r\nOrigin: null',
};

const foreign = Object.entries(FOREIGN).map(
  ([what, headers]): Attack => ({
    kind: 'browsers',
    name: `decision point: ${what}`,
    finding: 'F19',
    sample: true,
    async attack(world) {
      const statuses = await ask(world, headers);
      return unless(/^4/.test(statuses[0] ?? ''), () => `a request with a key was answered with ${statuses[0]}`);
    },
    async twin(world) {
      const { port } = await world.plain();
      const statuses = await ask(world, `Host: localhost:${port}`);
      return unless(statuses[0] === '200', () => `an honest request was answered with ${statuses[0]}`);
    },
  }),
);

async function ask(world: World, headers: string): Promise<string[]> {
  const service = await world.plain();
  const body = JSON.stringify({
    subject: { type: 'User', id: 'ana' },
    action: { name: 'read' },
    resource: { type: 'Doc', id: '1' },
  });
  const own = `Authorization: Bearer ${service.key()}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  return sendRaw(
    service.port,
    `POST /access/v1/evaluation HTTP/1.1\r\n${headers}\r\n${own}\r\nConnection: close\r\n\r\n${body}`,
  );
}

export const STRANGERS: readonly Attack[] = [...unfinished, ...malformed, ...foreign];
