import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { HttpService } from '../src/api/http/service.js';
import { AsyncAcknowledgement } from '../src/audit/log/async-acknowledgement.js';
import { LogReader } from '../src/audit/log/log-reader.js';
import { PersonKeys } from '../src/audit/protection/person-keys.js';
import { LogIndex } from '../src/audit/search/log-index.js';
import { Upstream } from '../src/enforce/mcp/client/upstream.js';
import { Credentials } from '../src/provenance/credentials.js';
import { SigningKeys } from '../src/provenance/signing-keys.js';
import { Approvals } from '../src/registry/approval-store.js';
import { RevisionLog } from '../src/registry/revision-log.js';
import { Activation } from '../src/serve/activation.js';
import { Signals } from '../src/signals/signals.js';
import { bundleOf, run } from './running.js';

/** Whatever fails, at a start or a stop, the store and the lock of the data folder are closed: the folder can be started again. */

const FILES = {
  'writ.yaml': 'name: stopping',
  'schema.cedarschema': 'entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};
const GATEWAY = { ...FILES, 'writ.yaml': 'name: stopping\ngateway: { servers: { none: { command: writ-no-such } } }' };

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'writ-stopping-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(data, { recursive: true, force: true });
});

async function startsAgain(): Promise<void> {
  const writ = await run(bundleOf(FILES), { data });
  expect((await writ.send('GET', '/readyz', undefined, { as: null })).json.state).toBe('ready');
  await writ.stop();
}

const provoked = (): never => {
  throw new Error('provoked');
};
const rejected = async (): Promise<never> => provoked();

describe('a start that fails is cleaned up', () => {
  it.each<[what: string, provoke: () => MockInstance]>([
    ['opening the index of the log', () => vi.spyOn(LogIndex, 'open').mockImplementation(rejected)],
    ['reading the keys of people', () => vi.spyOn(PersonKeys, 'open').mockImplementation(rejected)],
    ['preparing the keys of callers', () => vi.spyOn(Credentials.prototype, 'prepare').mockImplementation(rejected)],
    ['reading the proofs', () => vi.spyOn(LogReader.prototype, 'proofs').mockImplementation(rejected)],
    ['reading revisions', () => vi.spyOn(RevisionLog, 'open').mockImplementation(rejected)],
    ['reading approvals', () => vi.spyOn(Approvals, 'open').mockImplementation(rejected)],
    ['reading signing keys', () => vi.spyOn(SigningKeys, 'open').mockImplementation(rejected)],
    ['restoring the ledger', () => vi.spyOn(LogReader.prototype, 'holdings').mockImplementation(rejected)],
    ['recording gaps', () => vi.spyOn(AsyncAcknowledgement.prototype, 'unrecorded').mockImplementation(rejected)],
    ['making a secret', () => vi.spyOn(Credentials.prototype, 'secret').mockImplementation(rejected)],
    ['adding routes', () => vi.spyOn(HttpService.prototype, 'add').mockImplementation(provoked)],
    ['listening', () => vi.spyOn(HttpService.prototype, 'listen').mockImplementation(rejected)],
    ['preparing the bundle', () => vi.spyOn(Activation.prototype, 'prepare').mockImplementation(rejected)],
    ['activating the bundle', () => vi.spyOn(Activation.prototype, 'commit').mockImplementation(rejected)],
  ])('at %s', async (_what, provoke) => {
    const spy = provoke();
    await expect(run(bundleOf(FILES), { data })).rejects.toThrow('provoked');
    expect(spy).toHaveBeenCalled();
    vi.restoreAllMocks();
    await startsAgain();
  });

  it('at its own preparation', async () => {
    await expect(run(bundleOf(FILES), { data, prepare: provoked })).rejects.toThrow('provoked');
    await startsAgain();
  });

  it('at the servers of the gateway', async () => {
    vi.spyOn(Upstream, 'startOrRetry').mockImplementation(rejected);
    await expect(run(bundleOf(GATEWAY), { data })).rejects.toThrow('provoked');
    vi.restoreAllMocks();
    await startsAgain();
  });

  it('with its own error, also when closing fails', async () => {
    vi.spyOn(HttpService.prototype, 'listen').mockImplementation(rejected);
    vi.spyOn(Signals.prototype, 'close').mockRejectedValue(new Error('not closed'));
    await expect(run(bundleOf(FILES), { data })).rejects.toThrow('provoked');
    vi.restoreAllMocks();
    await startsAgain();
  });
});

describe('a stop closes everything', () => {
  it.each<[what: string, provoke: () => MockInstance]>([
    ['signals', () => vi.spyOn(Signals.prototype, 'close').mockRejectedValue(new Error('not closed'))],
    ['the index of the log', () => vi.spyOn(LogIndex.prototype, 'close').mockRejectedValue(new Error('not closed'))],
  ])('although %s cannot be closed', async (_what, provoke) => {
    const writ = await run(bundleOf(FILES), { data });
    provoke();
    await expect(writ.writ.close()).rejects.toMatchObject({ code: 'close_failed' });
    vi.restoreAllMocks();
    await startsAgain();
  });

  it('although a connection is open that has sent nothing, or half a request', async () => {
    const writ = await run(bundleOf(FILES), { data });
    const { port } = new URL(writ.url);
    const sockets = ['', 'GET /livez HTTP/1.1\r\nHost: x\r\n'].map((text) => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(text);
      return socket;
    });
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    const ended = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    await writ.writ.close();
    await Promise.all(ended);
    await startsAgain();
  });

  it('once, when it is asked for twice', async () => {
    const writ = await run(bundleOf(FILES), { data });
    const close = vi.spyOn(Signals.prototype, 'close');
    await Promise.all([writ.writ.close(), writ.writ.close()]);
    await writ.writ.close();
    expect(close).toHaveBeenCalledTimes(1);
    await startsAgain();
  });
});
