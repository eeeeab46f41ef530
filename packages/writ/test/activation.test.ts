import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RecordError } from '../src/audit/errors.js';
import { AsyncAcknowledgement } from '../src/audit/log/async-acknowledgement.js';
import { LogWriter } from '../src/audit/log/log-writer.js';
import { lastGood, sealOf } from '../src/bundle/last-good.js';
import type { LogEntry } from '../src/decide/record.js';
import { Ledger } from '../src/ledger/ledger.js';
import { EntityStore } from '../src/registry/entity-store.js';
import { Fetchers } from '../src/registry/fetch/fetchers.js';
import { Signals } from '../src/signals/signals.js';
import { StateKey } from '../src/store/state-key.js';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/**
 * A bundle is activated whole or not at all: whichever step fails, decisions, `/readyz`, `/v1/policy`, the record and the last good bundle
 * name the same one.
 */

const OLD = {
  'writ.yaml': 'name: activation',
  'schema.cedarschema': `
entity User { level?: Long };
entity Doc { state?: String };
action read appliesTo { principal: [User], resource: [Doc] };
`,
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};
/** Denies what the old one permits. */
const NEW = {
  ...OLD,
  'writ.yaml': 'name: activation\ncallers: { second: {} }\nrecord: { durability: async }',
  'policies/all.cedar': '@id("all") forbid (principal, action, resource);',
};
const READ = { subject: { type: 'User', id: 'ana' }, action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function running(): Promise<{ writ: Running; folder: string }> {
  const folder = bundleOf(OLD);
  const writ = await run(folder);
  stops.push(() => writ.stop());
  return { writ, folder };
}

const reload = (writ: Running) => writ.send('POST', '/v1/policy/reload', undefined, { as: 'admin' });

/** The version that each place names, and whether a request is permitted. */
async function served(writ: Running) {
  const ready = await writ.send('GET', '/readyz', undefined, { as: null });
  const policy = await writ.send('GET', '/v1/policy', undefined, { as: 'admin' });
  const decided = await writ.send('POST', '/access/v1/evaluation', READ);
  const entries = await writ.writ.records.read({ seq: 0, index: -1 }, 1_000);
  const activated = entries.flatMap(({ entry }) =>
    entry.kind === 'change' && entry.what === 'policy.activate' ? [entry.detail as { version: string }] : [],
  );
  return {
    ready: ready.json.policyVersion,
    policy: policy.json.version,
    record: activated.at(-1)?.version,
    lastGood: lastGood(writ.data, sealOf(StateKey.open(join(writ.data, 'keys'))))?.version,
    decision: decided.json.decision,
  };
}

const agreedOn = (version: string, decision: boolean) => ({
  ready: version,
  policy: version,
  record: version,
  lastGood: version,
  decision,
});

interface Failure {
  readonly what: string;
  /** Of the reload. */
  readonly status: number;
  /** Found in its answer. */
  readonly says?: RegExp;
  /** Files of the new bundle that make it fail. */
  readonly files?: Readonly<Record<string, string>>;
  /** Makes the step fail. @returns a function that ends it */
  readonly provoke?: (writ: Running) => (() => void) | Promise<() => void>;
}

/** Rejects the first call of a method. */
function failing(prototype: object, method: string, error: Error = new Error('provoked')): () => void {
  const spy = vi.spyOn(prototype as Record<string, () => unknown>, method).mockRejectedValueOnce(error);
  return () => {
    expect(spy).toHaveBeenCalled();
    spy.mockRestore();
  };
}

function folderAt(...path: readonly string[]): () => void {
  const folder = join(...path);
  rmSync(folder, { force: true });
  mkdirSync(join(folder, 'inside'), { recursive: true });
  return () => rmSync(folder, { recursive: true });
}

const FETCHER = 'of: Doc, attributes: { state: $.state }';

const BEFORE_THE_SWITCH: readonly Failure[] = [
  {
    what: 'a policy that does not parse',
    status: 422,
    says: /all\.cedar/,
    files: { 'policies/all.cedar': 'permit (' },
  },
  {
    what: 'a fetcher whose variable is not in the environment',
    status: 422,
    says: /fetcher docs needs WRIT_NOT_SET/,
    files: {
      'facts.yaml': `facts: { Doc: { state: { maxAge: 1h } } }\nfetchers: { docs: { ${FETCHER}, http: { url: "http://127.0.0.1:9/{id}", headers: { A: "\${env:WRIT_NOT_SET}" } } } }`,
    },
  },
  {
    what: 'an identity of an issuer that is not CEL',
    status: 422,
    says: /is not CEL/,
    files: {
      'writ.yaml':
        'name: activation\nissuers: { "https://a.example": { audience: writ, jwks: "https://a.example/k", identity: { type: User, id: "(" } } }',
    },
  },
  {
    what: 'service policies that let anybody write',
    status: 422,
    says: /anybody write/,
    files: { 'service/open.cedar': '@id("open") permit (principal, action, resource);' },
  },
  {
    what: 'stored facts that do not fit the schema',
    status: 422,
    says: /level/,
    files: { 'schema.cedarschema': OLD['schema.cedarschema'].replace('level?: Long', 'level?: String') },
    async provoke(writ) {
      const ana = { uid: { type: 'User', id: 'ana' }, attrs: { level: 1 } };
      expect((await writ.send('PUT', '/v1/entities', [ana], { as: 'admin' })).status).toBe(200);
      return () => undefined;
    },
  },
  {
    what: 'stored facts that cannot be read',
    status: 500,
    provoke: () => failing(EntityStore.prototype, 'fill'),
  },
  {
    what: 'the mark of early answers that cannot be stored',
    status: 500,
    provoke: () => failing(AsyncAcknowledgement.prototype, 'begin'),
  },
  {
    what: 'a key file that cannot be written',
    status: 500,
    provoke: (writ) => folderAt(writ.data, 'keys', 'second.key'),
  },
  {
    what: 'accumulators that cannot be compiled',
    status: 500,
    provoke() {
      const spy = vi.spyOn(Ledger.prototype, 'prepare').mockImplementation(() => {
        throw new Error('provoked');
      });
      return () => spy.mockRestore();
    },
  },
  {
    what: 'a stream whose variable is not in the environment',
    status: 422,
    says: /signals\.receive\.idp needs WRIT_NOT_SET/,
    files: {
      'writ.yaml':
        'name: activation\nsignals: { receive: { idp: { issuer: "https://idp.example", audience: a, jwks: "https://idp.example/k", endpoint: "https://idp.example/p", authorization: "${env:WRIT_NOT_SET}" } } }',
    },
  },
  { what: 'signals that cannot be prepared', status: 500, provoke: () => failing(Signals.prototype, 'prepare') },
  { what: 'fetchers that cannot be started', status: 500, provoke: () => failing(Fetchers.prototype, 'start') },
  {
    what: 'a folder in the place of last-good.json.new',
    status: 500,
    provoke: (writ) => folderAt(writ.data, 'last-good.json.new'),
  },
  {
    what: 'a registry that cannot be brought up to date',
    status: 500,
    provoke: () => failing(EntityStore.prototype, 'adopt'),
  },
  {
    what: 'a record that does not take the activation',
    status: 503,
    provoke() {
      const append = LogWriter.prototype.append;
      const spy = vi.spyOn(LogWriter.prototype, 'append').mockImplementation(function (
        this: LogWriter,
        entries: readonly LogEntry[],
        ...more
      ) {
        const isActivation = entries.some((entry) => entry.kind === 'change' && entry.what === 'policy.activate');
        if (isActivation) return Promise.reject(new RecordError('provoked'));
        return append.call(this, entries, ...more);
      });
      return () => spy.mockRestore();
    },
  },
];

const AFTER_THE_SWITCH: readonly { readonly what: string; readonly provoke: () => () => void }[] = [
  {
    what: 'signals that fail to begin',
    provoke() {
      const spy = vi.spyOn(Signals.prototype, 'prepare').mockResolvedValueOnce(() => {
        throw new Error('provoked');
      });
      return () => {
        expect(spy).toHaveBeenCalled();
        spy.mockRestore();
      };
    },
  },
  { what: 'the fetchers before that fail to end', provoke: () => failing(Fetchers.prototype, 'close') },
];

describe('an activation that fails before the switch leaves the old bundle served', () => {
  it.each(BEFORE_THE_SWITCH)('by $what', async ({ status, says = /./, files, provoke }) => {
    const { writ, folder } = await running();
    const { version } = (await writ.send('GET', '/v1/policy', undefined, { as: 'admin' })).json;
    expect(await served(writ)).toEqual(agreedOn(version, true));
    const end = await provoke?.(writ);
    writeBundle(folder, { ...NEW, ...files });
    const refused = await reload(writ);
    expect(refused.text).toMatch(says);
    expect([refused.status, await served(writ)]).toEqual([status, agreedOn(version, true)]);
    end?.();
    // The next good bundle is served, in all places.
    for (const file of Object.keys(files ?? {})) rmSync(join(folder, file));
    writeBundle(folder, NEW);
    const good = await reload(writ);
    expect([good.status, good.json.state]).toEqual([200, 'ready']);
    expect(good.json.version).not.toBe(version);
    expect(await served(writ)).toEqual(agreedOn(good.json.version, false));
    expect((await writ.send('POST', '/access/v1/evaluation', READ, { as: 'second' })).status).toBe(200);
  });
});

describe('a failure after the switch leaves the new bundle served', () => {
  it.each(AFTER_THE_SWITCH)('by $what', async ({ provoke }) => {
    const { writ, folder } = await running();
    const end = provoke();
    writeBundle(folder, NEW);
    const reloaded = await reload(writ);
    expect([reloaded.status, reloaded.json.state]).toEqual([200, 'ready']);
    expect(await served(writ)).toEqual(agreedOn(reloaded.json.version, false));
    end();
    writeBundle(folder, OLD);
    const again = await reload(writ);
    expect(again.status).toBe(200);
    expect(await served(writ)).toEqual(agreedOn(again.json.version, true));
  });
});

it('activates one bundle after the other when two are asked for at once', async () => {
  const { writ, folder } = await running();
  writeBundle(folder, NEW);
  const both = await Promise.all([reload(writ), reload(writ)]);
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
  expect(await served(writ)).toEqual(agreedOn(both[0].json.version, false));
});
