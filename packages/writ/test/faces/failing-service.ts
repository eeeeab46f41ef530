import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A decision point that works, permits everything, and can be made to fail in a way. */

type Failure = (response: ServerResponse, id: string) => void;

const JSON_TYPE = { 'Content-Type': 'application/json' };
const PERMIT = '{"decision":true,"context":{"reasons":[]}}';
const permit: Failure = (response, id) =>
  void response.writeHead(200, { ...JSON_TYPE, 'X-Decision-Id': id }).end(PERMIT);
/** A client waits for 2 s. */
const SLOW_MS = 2_500;

/** The ways to fail, by their names. `killed` and `restarted`: nothing listens. */
export const FAILURES: Readonly<Record<string, Failure | undefined>> = {
  'is killed': undefined,
  'is restarted': undefined,
  hangs: () => undefined,
  'is slow beyond the deadline': (response, id) => void setTimeout(() => permit(response, id), SLOW_MS).unref(),
  'answers junk': (response) => void response.writeHead(200, JSON_TYPE).end('<html>decision: true</html>'),
  'answers JSON that is no decision': (response, id) =>
    void response.writeHead(200, { ...JSON_TYPE, 'X-Decision-Id': id }).end('[{"decision":true}]'),
  'answers 500': (response, id) => void response.writeHead(500, { ...JSON_TYPE, 'X-Decision-Id': id }).end(PERMIT),
  'answers 302': (response) => void response.writeHead(302, { Location: '/elsewhere' }).end(),
  'answers with the id of another decision': (response) => permit(response, 'D0'),
  'names no decision': (response) => void response.writeHead(200, JSON_TYPE).end(PERMIT),
  'is cut in the middle': (response, id) => {
    response.writeHead(200, { ...JSON_TYPE, 'X-Decision-Id': id, 'Content-Length': PERMIT.length });
    response.write(PERMIT.slice(0, 18), () => response.destroy());
  },
};

export interface FailingService {
  readonly url: string;
  /** Fails from now on. */
  fail(failure: string): Promise<void>;
  /** Works again, at the same address. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a service that works. Its first permit is `D0`. */
export async function failingService(): Promise<FailingService> {
  let failure: Failure = permit;
  let ids = 0;
  const listening = async (port: number): Promise<Server> => {
    const server = createServer((request, response) => {
      request.resume().once('end', () => {
        if (request.url === '/access/v1/evaluation') failure(response, `D${ids++}`);
        else if (request.url === '/v1/permits/revoked') response.writeHead(200, JSON_TYPE).end('{"revoked":[]}');
        else response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return server;
  };
  let server: Server | undefined = await listening(0);
  const { port } = server.address() as AddressInfo;
  const kill = async (): Promise<void> => {
    const closed = new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    server?.closeAllConnections();
    await closed;
    server = undefined;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    async fail(name) {
      const way = FAILURES[name];
      if (way === undefined) await kill();
      else failure = way;
    },
    async mend() {
      failure = permit;
      server ??= await listening(port);
    },
    close: kill,
  };
}
