import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, describe, expect, it } from 'vitest';
import { Exporter, exportMigrations } from '../src/audit/export/exporter.js';
import { ocsfForm } from '../src/audit/export/forms.js';
import type { ExportedEntry, Sink } from '../src/audit/export/sink.js';
import { syslogMessage } from '../src/audit/export/syslog-message.js';
import { auditMigrations } from '../src/audit/log/log-migrations.js';
import { LogWriter } from '../src/audit/log/log-writer.js';
import { openLog } from '../src/audit/log/open-log.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { UNPROTECTED } from '../src/audit/protection/protection.js';
import type { ChangeRecord, LogEntry } from '../src/decide/record.js';
import { openDatabase } from '../src/store/database.js';
import { openStore } from '../src/store/store.js';
import { directWriter } from './direct-writer.js';
import { bundleOf, type Running, run } from './running.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILES = (sinks: string) => ({
  'writ.yaml': `name: exported\nrecord:\n  export:\n${sinks}`,
  'schema.cedarschema':
    'entity User, Agent, Order; action look, refund appliesTo { principal: [User, Agent], resource: [Order], context: { input: { amount?: Long } } };',
  'policies/all.cedar': `
    @id("all") permit (principal, action, resource) unless { resource == Order::"secret" };
    @id("large") @reason("ask somebody first") @stepUp("urn:mfa") forbid (principal, action == Action::"refund", resource) when { context.input has amount && context.input.amount > 50 };`,
});
const ask = async (writ: Running, i: number): Promise<string> => {
  const answer = await writ.send(
    'POST',
    '/access/v1/evaluation',
    {
      subject: { type: 'User', id: 'ana' },
      action: { name: i % 3 === 0 ? 'refund' : 'look' },
      resource: { type: 'Order', id: i % 7 === 0 ? 'secret' : String(i) },
      context: {
        input: { amount: i * 10 },
        task: 't-1',
        ...(i % 2 === 0 ? { agent: { type: 'Agent', id: 'bot' } } : {}),
      },
    },
    { headers: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' } },
  );
  return answer.headers.get('x-decision-id') as string;
};
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not happen in ten seconds');
}
async function received(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
const listening = (server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown }) =>
  new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );

describe('the record is sent on', () => {
  it('to a file, a collector, a SIEM and a lake, each entry once and in order, and from where it was after a restart', async () => {
    const posted: { authorization: string | undefined; lines: string[] }[] = [];
    const http = createServer(async (request, response) => {
      posted.push({
        authorization: request.headers.authorization,
        lines: (await received(request)).trim().split('\n'),
      });
      response.end();
    });
    interface Collected {
      readonly resourceLogs: readonly {
        readonly scopeLogs: readonly { readonly logRecords: readonly LogRecord[] }[];
      }[];
    }
    interface LogRecord {
      readonly attributes: readonly { readonly value: { readonly stringValue?: string } }[];
      readonly body: { readonly stringValue: string };
    }
    const logs: LogRecord[] = [];
    const collector = createServer(async (request, response) => {
      const { resourceLogs } = JSON.parse(await received(request)) as Collected;
      for (const { scopeLogs } of resourceLogs) for (const { logRecords } of scopeLogs) logs.push(...logRecords);
      response.setHeader('Content-Type', 'application/json');
      response.end('{}');
    });
    let stream = '';
    const tcp = createTcpServer((socket) =>
      socket.on('data', (chunk) => {
        stream += chunk.toString();
      }),
    );
    const datagrams: string[] = [];
    const udp = createSocket('udp4', (message) => void datagrams.push(message.toString()));
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
    const [httpPort, otlpPort, tcpPort] = [await listening(http), await listening(collector), await listening(tcp)];
    process.env.EXPORT_TEST_TOKEN = 'secret-of-the-sink';
    const files = FILES(`    archive: { to: file, file: "\${data}/out/records.ndjson", form: record }
    hook: { to: http, url: "http://127.0.0.1:${httpPort}/in", headers: { Authorization: "Bearer \${env:EXPORT_TEST_TOKEN}" } }
    siem: { to: syslog, url: "tcp://127.0.0.1:${tcpPort}" }
    old: { to: syslog, url: "udp://127.0.0.1:${udp.address().port}" }
    otel: { to: otlp, url: "http://127.0.0.1:${otlpPort}/v1/logs" }
    lake: { to: parquet, folder: "\${data}/lake", every: 300ms }
`);
    const data = join(folder, 'all');
    const first = await run(bundleOf(files), { data });
    const ids: string[] = [];
    for (let i = 0; i < 40; i += 1) ids.push(await ask(first, i));
    await first.send('POST', '/v1/outcomes', { decisionId: ids[1], status: 'completed' });
    await first.writ.close();
    const writ = await run(bundleOf(files), { data });
    for (let i = 40; i < 60; i += 1) ids.push(await ask(writ, i));
    const log = (await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' })).json.entries as LogEntry[];
    const decisions = log.filter(({ kind }) => kind === 'decision').map(({ id }) => id);
    expect(decisions).toEqual(ids);

    const archived = () =>
      readFileSync(join(data, 'out/records.ndjson'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    await until(() => existsSync(join(data, 'out/records.ndjson')) && archived().length >= log.length);
    expect(archived().map(({ log: _place, ...entry }) => entry)).toEqual(log);
    expect(archived().map(({ log: { index } }) => index)).toEqual(log.map((_, i) => i));

    const hooked = () => posted.flatMap(({ lines }) => lines.map((line) => JSON.parse(line)));
    await until(() => hooked().filter(({ unmapped }) => unmapped.writ.result !== undefined).length >= ids.length);
    expect(new Set(posted.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer secret-of-the-sink']));
    expect(
      hooked()
        .filter(({ api }) => api.operation !== 'outcome')
        .map(({ metadata }) => metadata.uid),
    ).toEqual(ids);

    const framed = (): string[] => {
      const messages: string[] = [];
      for (let rest = stream; rest !== ''; ) {
        const length = /^(\d+) /.exec(rest);
        if (length === null) throw new Error(`not framed: ${rest.slice(0, 40)}`);
        const begin = length[0].length;
        messages.push(rest.slice(begin, begin + Number(length[1])));
        rest = rest.slice(begin + Number(length[1]));
      }
      return messages;
    };
    await until(() => framed().filter((message) => message.includes('kind="decision"')).length >= ids.length);
    const denied = framed().find((message) => message.includes('result="deny"')) as string;
    expect(denied).toMatch(
      /^<108>1 2\S+Z \S+ writ \d+ decision \[writ@32473 id="\w{26}" kind="decision" log="\S+" index="\d+" result="deny"\] \{"class_uid":6003/,
    );
    await until(() => datagrams.filter((message) => message.includes('kind="decision"')).length >= ids.length);

    await until(() => logs.length >= log.length);
    const sent = logs.find(({ attributes }) => attributes.some(({ value }) => value.stringValue === ids[3]));
    expect(sent).toMatchObject({
      severityText: expect.any(String),
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      eventName: 'writ.decision',
    });
    expect(JSON.parse(sent?.body.stringValue ?? '')).toMatchObject({ id: ids[3], kind: 'decision' });

    // biome-ignore lint/suspicious/noExplicitAny: rows of any shape
    const rows = async (): Promise<any[]> => {
      const names = readdirSync(join(data, 'lake'))
        .filter((name) => name.endsWith('.parquet'))
        .sort();
      return (
        await Promise.all(
          names.map(async (name) => parquetReadObjects({ file: await asyncBufferFromFile(join(data, 'lake', name)) })),
        )
      ).flat();
    };
    await until(async () => existsSync(join(data, 'lake')) && (await rows()).length >= log.length);
    const all = await rows();
    expect(all.map(({ id }) => id)).toEqual(log.map(({ id }) => id));
    expect(all.find(({ id }) => id === ids[2])).toMatchObject({
      kind: 'decision',
      action: 'look',
      originator: 'User::"ana"',
      actor: 'Agent::"bot"',
      task: 't-1',
    });

    const { text } = await writ.send('GET', '/metrics', undefined, { as: 'admin' });
    expect(text).toMatch(/writ_export_behind_entries\{sink="archive"\} 0/);
    await writ.writ.close();
    for (const server of [http, collector, tcp]) server.close();
    udp.close();
  });

  it('and a sink that hangs, is gone or refuses slows no decision; it gets everything when it is back', async () => {
    let mode: 'hang' | 'refuse' | 'take' = 'hang';
    const taken: string[] = [];
    const server = createServer(async (request, response) => {
      const text = await received(request);
      if (mode === 'hang') return;
      if (mode === 'take')
        taken.push(
          ...text
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line).id as string),
        );
      response.statusCode = mode === 'take' ? 200 : 503;
      response.end();
    });
    const port = await listening(server);
    const writ = await run(bundleOf(FILES(`    hook: { to: http, url: "http://127.0.0.1:${port}/", form: record }\n`)));
    const ids = [];
    for (let i = 1; i < 200; i += 1) ids.push(await ask(writ, i));
    const { text } = await writ.send('GET', '/metrics', undefined, { as: 'admin' });
    expect(text).not.toMatch(/writ_export_behind_entries\{sink="hook"\} 0/);
    mode = 'refuse';
    server.closeAllConnections();
    for (let i = 1; i < 20; i += 1) ids.push(await ask(writ, i));
    mode = 'take';
    await until(() => ids.every((id) => taken.includes(id)));
    expect(taken.filter((id) => ids.includes(id))).toEqual(ids);
    await writ.stop();
    server.close();
  });
});

it('what a sink took and could not be noted is sent again, and nothing is left out', async () => {
  const file = join(folder, 'again', 'writ.db');
  const store = await openStore(file, auditMigrations, exportMigrations);
  const signer = await openLog(store, { keys: join(folder, 'again', 'keys') });
  const log = new LogWriter(directWriter(openDatabase(file), signer), UNPROTECTED);
  const change = (i: number): ChangeRecord => ({
    kind: 'change',
    id: `01K${String(i).padStart(23, '0')}`,
    time: '2026-11-24T00:00:00.000Z',
    by: 't',
    what: 't',
    detail: { i },
  });
  for (let i = 0; i < 1_000; i += 1) await log.append([change(i)]);
  const taken: number[] = [];
  let fails = 0;
  const sink: Sink = {
    batch: { entries: 1, ms: 0 },
    async send(entries: readonly ExportedEntry[]) {
      taken.push(...entries.map(({ index }) => index));
      fails += 1;
      if (fails % 2 === 1) throw new Error('gone after it took them');
    },
    close: async () => undefined,
  };
  for (let tries = 0; tries < 50; tries += 1) {
    // As after a restart: nothing but the store knows how far it came.
    const { behind } = await new Exporter(store, 'sink', sink, NO_KEYS).step(tries).catch(() => ({ behind: 1 }));
    if (behind === 0) break;
  }
  expect([...new Set(taken)]).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  expect(taken.length).toBeGreaterThan(1_000);
  await log.close();
  await store.destroy();
});

describe('OCSF', () => {
  const versions = ['1.8.0', '1.9.0-dev'] as const;
  const validators = Object.fromEntries(
    versions.map((version) => {
      const schema = JSON.parse(readFileSync(join(import.meta.dirname, `ocsf/api_activity-${version}.json`), 'utf8'));
      return [version, new Ajv2020({ strict: false, allErrors: true }).compile(schema)];
    }),
  );

  it('events of everything that is recorded are valid under the published schema', async () => {
    const files = FILES('');
    const writ = await run(bundleOf({ ...files, 'writ.yaml': 'name: events' }));
    for (let i = 0; i < 21; i += 1) {
      const id = await ask(writ, i);
      const status = ['completed', 'failed', 'unknown', 'not-executed'][i % 4];
      await writ.send('POST', '/v1/outcomes', { decisionId: id, status });
    }
    await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'Nobody', id: 'x' },
      action: { name: 'drop_tables' },
      resource: { type: 'Order', id: '1' },
      context: { session: 's-1', upstream: { server: 'desk', tool: 'drop' } },
    });
    const entries = (await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' })).json
      .entries as LogEntry[];
    const seen = new Set<string>();
    for (const version of versions) {
      const form = ocsfForm(version);
      const validate = validators[version] as NonNullable<(typeof validators)[string]>;
      for (const [index, entry] of entries.entries()) {
        const text = form({ index, origin: 'log.example/1', entry });
        if (text === undefined) continue;
        const event = JSON.parse(text);
        validate(event);
        expect(validate.errors, text).toBeNull();
        seen.add(`${entry.kind} ${event.disposition ?? event.status}`);
      }
    }
    expect([...seen].sort()).toEqual(
      expect.arrayContaining([
        'decision Allowed',
        'decision Blocked',
        'decision Challenge',
        'outcome Failure',
        'outcome Success',
        'outcome Unknown',
      ]),
    );
    const agents = entries.flatMap((entry, index) =>
      entry.kind === 'decision' ? [JSON.parse(ocsfForm('1.9.0-dev')({ index, origin: 'l', entry }) as string)] : [],
    );
    expect(agents[0]).toMatchObject({
      ai_agent: { uid: 'Agent::"bot"' },
      attestation_list: [
        { chain_uid: 'l', fingerprint: { algorithm_id: 3, value: expect.stringMatching(/^[0-9a-f]{64}$/) } },
      ],
      trace: { uid: '4bf92f3577b34da6a3ce929d0e0e4736' },
    });
    await writ.stop();
  });

  it('is not valid when a part is missing or is made up: the schema is really looked at', () => {
    const validate = validators['1.8.0'] as NonNullable<(typeof validators)[string]>;
    expect(validate({ class_uid: 6003 })).toBe(false);
    expect(validate.errors?.map(({ message }) => message)).toEqual(
      expect.arrayContaining(["must have required property 'actor'"]),
    );
  });
});

it('a syslog message cannot be cut in two or closed early by what is in it', () => {
  const entry = {
    ...{ kind: 'decision', time: '2026-11-24T00:00:00.000Z', result: 'deny' },
    id: 'a"]\\',
  } as unknown as LogEntry;
  const message = syslogMessage({ entry, index: 1, origin: 'o' }, JSON.stringify({ a: 'x\n<13>1 forged' }));
  expect(message).not.toContain('\n');
  expect(message).toContain('[writ@32473 id="a\\"\\]\\\\" kind="decision"');
});
