import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A network between a client and a server that can be cut: bytes stop, and nobody is notified. */
export interface CutNetwork {
  readonly port: number;
  cut(): void;
  heal(): void;
  close(): Promise<void>;
}

export async function networkTo(target: number): Promise<CutNetwork> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isCut = false;
  const server = createServer((from) => {
    const to = connect(target, '127.0.0.1');
    const pair = [from, to] as const;
    pairs.add(pair);
    for (const [one, other] of [pair, [to, from] as const]) {
      one.on('data', (chunk) => {
        // Lost on the way.
        if (!isCut) other.write(chunk);
      });
      one.on('error', () => undefined);
      one.on('close', () => {
        pairs.delete(pair);
        if (!isCut) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
    },
    heal() {
      isCut = false;
    },
    async close() {
      for (const [one, other] of pairs) {
        one.destroy();
        other.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
