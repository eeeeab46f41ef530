import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWrit, type Writ } from '@writ/sdk';
import { start } from '../start.js';
import type { StartOptions } from '../start-options.js';

/** Options of a Writ for tests. */
export interface TestWritOptions {
  /** The folder of the bundle. */
  readonly bundle: string;
  /** The environment whose `writ.NAME.yaml` changes the bundle. */
  readonly environment?: string;
  /** Callers that the bundle does not declare, as `callers` of writ.yaml. */
  readonly callers?: StartOptions['callers'];
}

/** A Writ in the process of a test. */
export interface TestWrit {
  readonly url: string;
  /** Returns the key of a caller; without a name, that of an enforcement point that speaks for anybody. */
  key(caller?: string): string;
  /** Returns a client for an application, as a caller. It is closed with the Writ. */
  client<Actions>(caller?: string): Writ<Actions>;
  /** Returns the result on the record of a decision, and its outcome once it is reported; undefined if there is no such decision. */
  decision(id: string): Promise<{ readonly result: string; readonly outcome: string | undefined } | undefined>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** The default caller of a service speaks for the agent of its own name alone; a test asks about anybody. */
const OPEN: StartOptions['callers'] = {
  default: { roles: ['enforcement-point'], obligations: [], detail: 'reasons' },
};
/** Limits that a busy machine does not reach. */
const PATIENT = { turnMs: 60_000, diskMs: 60_000 };
const DEADLINE_MS = 30_000;

/**
 * Starts a Writ in this process for tests: on free ports of loopback, with data in a folder of its own that is removed with it. It decides
 * as any other: the rules are those of the bundle, and everything is recorded.
 *
 * @throws {BundleError} when the bundle may not be served
 */
export async function startWrit({ bundle, environment, callers }: TestWritOptions): Promise<TestWrit> {
  const data = mkdtempSync(join(tmpdir(), 'writ-test-'));
  const remove = (): void => rmSync(data, { recursive: true, force: true });
  const running = await start({
    ...{ bundle, data, environment, port: 0, gatewayPort: 0, limits: PATIENT },
    callers: { ...OPEN, ...callers },
  }).catch((error: unknown) => {
    remove();
    throw error;
  });
  const clients: { close(): Promise<void> }[] = [];
  const key = (caller = 'default'): string => readFileSync(running.keyFileOf(caller), 'utf8').trim();
  return {
    url: running.serviceUrl,
    key,
    client<Actions>(caller?: string) {
      const client = createWrit<Actions>({ url: running.serviceUrl, key: key(caller), deadlineMs: DEADLINE_MS });
      clients.push(client);
      return client;
    },
    async decision(id) {
      const found = await running.findDecision(id);
      return found && { result: found.decision.result, outcome: found.outcome };
    },
    async stop() {
      await Promise.all(clients.map((client) => client.close()));
      await running.close();
      remove();
    },
  };
}
