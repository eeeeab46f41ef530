import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogReader } from '../src/audit/log/log-reader.js';
import { NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { STORE_FILE } from '../src/store/files.js';
import { openStoreToRead } from '../src/store/store.js';
import { startedService } from './processes.js';

const BUNDLE = fileURLToPath(new URL('bundles/fragile', import.meta.url));

describe('writ start, as a process of its own', () => {
  let data: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'writ-process-'));
  });
  afterEach(async () => {
    if (child?.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(data, { recursive: true, force: true });
  });

  /** Starts the service and gives its URL once it says where it listens. */
  async function started(bundle = BUNDLE): Promise<string> {
    const service = await startedService(bundle, data);
    child = service.child;
    return service.url;
  }

  const request = {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'echo' },
    resource: { type: 'Tool', id: 'echo' },
    context: { input: { text: 'hello' } },
  };
  const decide = (url: string): Promise<Response> =>
    fetch(`${url}/access/v1/evaluation`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Bearer ${readFileSync(join(data, 'keys/default.key'), 'utf8').trim()}`,
      },
      body: JSON.stringify(request),
    });

  it('serves, keeps its key over restarts, and ends on SIGTERM with 0', async () => {
    const url = await started();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await (await decide(url)).json()).toEqual({ decision: true });
    const key = readFileSync(join(data, 'keys/default.key'), 'utf8');
    child?.kill('SIGTERM');
    expect((await once(child as ChildProcess, 'exit'))[0]).toBe(0);

    const again = await started();
    expect(readFileSync(join(data, 'keys/default.key'), 'utf8')).toBe(key);
    expect((await decide(again)).status).toBe(200);
  });

  it('reads the bundle again on SIGHUP, and goes on with what it had when that cannot be used', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'writ-hup-'));
    cpSync(BUNDLE, folder, { recursive: true });
    writeFileSync(join(folder, 'writ.yaml'), 'name: fragile\ncallers: { default: {} }\n');
    const url = await started(folder);
    const state = async () => (await (await fetch(`${url}/readyz`)).json()) as { state: string; policyVersion: string };
    const first = await state();
    const policies = join(folder, 'policies/all.cedar');
    const becomes = async (text: string, is: (now: typeof first) => boolean): Promise<void> => {
      writeFileSync(policies, text);
      child?.kill('SIGHUP');
      for (let i = 0; !is(await state()); i += 1) {
        if (i > 200) expect.fail(`the state is ${JSON.stringify(await state())}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    };
    const good = readFileSync(policies, 'utf8');
    await becomes('permit (', (now) => now.state === 'stale' && now.policyVersion === first.policyVersion);
    expect(await (await decide(url)).json()).toEqual({ decision: true });
    const none = '@id("none") forbid (principal, action, resource);';
    await becomes(none, (now) => now.state === 'ready' && now.policyVersion !== first.policyVersion);
    expect(await (await decide(url)).json()).toEqual({ decision: false });
    await becomes(good, (now) => now.policyVersion === first.policyVersion);
    rmSync(folder, { recursive: true });
  });

  it('goes on when nobody reads what it prints any more', async () => {
    const url = await started();
    child?.stdout?.destroy();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await (await decide(url)).json()).toEqual({ decision: true });
  });

  it('a key file that was there before is not trusted, nor is its mode', async () => {
    mkdirSync(join(data, 'keys'));
    writeFileSync(join(data, 'keys/default.key'), 'writ_old', { mode: 0o644 });
    await started();
    expect(readFileSync(join(data, 'keys/default.key'), 'utf8')).not.toContain('writ_old');
    expect(statSync(join(data, 'keys/default.key')).mode & 0o777).toBe(0o600);
  });

  it('what was answered is on disk: kill -9 right after the answers loses none of them', async () => {
    const url = await started();
    const ids = new Set<string>();
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        let response = await decide(url);
        // Fifty at once may be more than a cold service on a busy machine accepts in one turn: it then answers 503 with Retry-After.
        for (let tries = 0; response.status === 503 && tries < 20; tries += 1) {
          expect(response.headers.get('Retry-After')).toBe('1');
          await new Promise((resolve) => setTimeout(resolve, 100));
          response = await decide(url);
        }
        expect(response.status).toBe(200);
        ids.add(response.headers.get('X-Decision-Id') as string);
      }),
    );
    child?.kill('SIGKILL');
    await once(child as ChildProcess, 'exit');
    expect(ids.size).toBe(50);
    // The lock of the dead process does not hold the folder; what was in the journal alone is taken into the log.
    expect((await decide(await started())).status).toBe(200);
    const store = openStoreToRead(join(data, STORE_FILE));
    const records = new LogReader(store, NO_KEYS, NO_CATCH_UP);
    for (const id of ids) expect((await records.find(id))?.decision.result).toBe('allow');
    await store.destroy();
  });
});
