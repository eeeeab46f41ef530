import { describe, expect, it } from 'vitest';
import { UpstreamError } from '../../errors.js';
import type { Gateway } from '../gateway/gateway.js';
import { PerClientServers } from './per-client-servers.js';

const OFFERS = { resources: false, prompts: false, completions: false, subscriptions: false };
const first = (capabilities: object = {}): Record<string, unknown> => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'x', version: '1' } },
});

/** A gateway whose servers are started for each client, as far as sessions have to do with that. */
function gatewayOf(start: () => Promise<unknown>, hasPerClient = true) {
  let closed = 0;
  const gateway: Record<string, unknown> = { hasPerClient, contents: { offers: OFFERS }, tasks: { isOffered: false } };
  gateway.forClient = async () => {
    await start();
    return { gateway, own: [{ contents: { logs: true } }], end: async () => void closed++ };
  };
  return { gateway: gateway as unknown as Gateway, closed: () => closed };
}
const nobody = (): never => {
  throw new Error('nobody calls');
};

describe('servers of a session', () => {
  it('are a hundred at once at most, and end with their session', async () => {
    const { gateway, closed } = gatewayOf(async () => undefined);
    const servers = new PerClientServers(gateway, nobody);
    const sessions = [];
    for (let i = 0; i < 100; i += 1) sessions.push(await servers.sessionFor(first()));
    await expect(servers.sessionFor(first())).rejects.toThrow(UpstreamError);
    // However often it is told so.
    await sessions[0]?.end?.();
    await sessions[0]?.end?.();
    expect(closed()).toBe(1);
    await servers.sessionFor(first());
    await expect(servers.sessionFor(first())).rejects.toThrow(/100 sessions have servers of their own already/);
  });

  it('that do not start take no place', async () => {
    const { gateway } = gatewayOf(() => Promise.reject(new UpstreamError('it did not start')));
    const servers = new PerClientServers(gateway, nobody);
    for (let i = 0; i < 101; i += 1) await expect(servers.sessionFor(first())).rejects.toThrow('it did not start');
  });

  it('are none where no server is for each client: then all share', async () => {
    const { gateway } = gatewayOf(() => expect.fail('nothing is started'), false);
    const { server, end } = await new PerClientServers(gateway, nobody).sessionFor(first());
    expect([server.getCapabilities().logging, end]).toEqual([undefined, undefined]);
  });
});
