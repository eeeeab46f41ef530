import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Txn } from '../../lib/ids.js';
import { seconds } from '../../lib/units.js';
import { TaskStore, taskMigrations } from '../../provenance/task-store.js';
import { TOKEN_TYPES } from '../../provenance/token-types.js';
import type { TransactionToken } from '../../provenance/transaction-token.js';
import type { UsedProof } from '../../provenance/used-proof.js';
import { openStore, type Store } from '../../store/store.js';
import type { ExchangeRequest } from './exchange.js';
import { TokenIssuer } from './token-issuer.js';

const token: TransactionToken = {
  txn: 'txn-1' as Txn,
  path: [{ uid: { type: 'User', id: 'ana' }, assurance: 2 }],
  scope: ['refund'],
  requestingWorkload: 'checkout',
  issuedAt: seconds(1_000),
  expires: seconds(1_300),
};
const first: ExchangeRequest = {
  subjectToken: 'a-secret',
  subjectTokenType: TOKEN_TYPES.jwt,
  requestingWorkload: 'checkout',
  provedKey: undefined,
};
const used: UsedProof = { key: 'proof', until: seconds(2_000), at: seconds(1_000) };

let folder: string;
let store: Store;
let tasks: TaskStore;
/** The steps, in their order; those named in `broken` fail. */
let steps: string[];
let broken: Set<string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-issuer-'));
  store = await openStore(join(folder, 'writ.db'), taskMigrations);
  tasks = new TaskStore(store);
  [steps, broken] = [[], new Set()];
});
afterEach(async () => {
  await store.destroy();
  rmSync(folder, { recursive: true });
});

const step = (name: string): void => {
  steps.push(name);
  if (broken.has(name)) throw new Error(`${name} failed`);
};
let recorded: unknown[];
const issuer = (): TokenIssuer => {
  recorded = [];
  return new TokenIssuer({
    exchange: { exchange: async () => ({ token }) },
    tokens: {
      sign: async () => {
        step('sign');
        return 'signed';
      },
    },
    tasks: {
      add: async (one) => {
        step('store');
        await tasks.add(one);
      },
    },
    record: async (...change) => {
      step('record');
      recorded.push(change);
    },
  });
};

describe('issue', () => {
  it('records a first token before its task is stored', async () => {
    expect(await issuer().issue(first, [used])).toEqual({ token, text: 'signed' });
    expect(steps).toEqual(['sign', 'record', 'store']);
    expect(await tasks.find('txn-1')).toMatchObject({ txn: 'txn-1', startedBy: 'checkout', scope: ['refund'] });
  });

  it('records who asked, the path and the proof, and never the token', async () => {
    await issuer().issue(first, [used]);
    const detail = { txn: 'txn-1', path: token.path, scope: ['refund'], expires: '1970-01-01T00:21:40.000Z' };
    expect(recorded).toEqual([['checkout', 'token.issue', detail, [used]]]);
    expect(JSON.stringify(recorded)).not.toMatch(/signed|a-secret/);
  });

  it.each([
    ['the signature', 'sign', ['sign']],
    ['the record', 'record', ['sign', 'record']],
    ['the store', 'store', ['sign', 'record', 'store']],
  ])('gives out no token and leaves no task when %s fails', async (_what, name, reached) => {
    broken.add(name);
    await expect(issuer().issue(first, [])).rejects.toThrow(`${name} failed`);
    expect(steps).toEqual(reached);
    expect(await tasks.list(undefined, 10)).toEqual([]);
  });

  it('stores no second task for a token that is handed on', async () => {
    await issuer().issue({ ...first, subjectTokenType: TOKEN_TYPES.transactionToken }, []);
    expect(steps).toEqual(['sign', 'record']);
    expect(await tasks.list(undefined, 10)).toEqual([]);
  });
});
