import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { type EntityUid, parseUid } from '@writ/cedar/uid';
import { CallQueue } from '@writ/enforce';
import { AttemptFolder, AttemptsToHandIn, handInTo } from '@writ/enforce/attempts';
import { remoteDecisionPoint, ServiceClient } from '@writ/sdk/client';
import { keyedHash } from '@writ/sdk/lib/keyed-hash';
import { lineLog } from '@writ/sdk/lib/log';
import { loadBundle } from '../bundle/bundle.js';
import { DEFAULT_ACCESS } from '../bundle/format/access.js';
import { holdSettings } from '../enforce/hold-settings.js';
import { Upstream } from '../enforce/mcp/client/upstream.js';
import { Gateway } from '../enforce/mcp/gateway/gateway.js';
import { CallMapper } from '../enforce/mcp/gateway/map-call.js';
import { mapperOf } from '../enforce/mcp/gateway/mapper-of.js';
import { ReportedTools } from '../enforce/mcp/gateway/reported-tools.js';
import { admit } from '../enforce/mcp/server/admission.js';
import { ClientBridge } from '../enforce/mcp/server/client-bridge.js';
import { mcpServer } from '../enforce/mcp/server/mcp-server.js';
import { PlainConnection } from '../enforce/mcp/server/plain-connection.js';
import { notifyLists } from '../enforce/mcp/server/sessions.js';
import { StdioTransport } from '../enforce/mcp/server/stdio.js';
import { StdioLines } from '../enforce/mcp/server/stdio-lines.js';
import { CREDENTIALS } from '../lib/known-credentials.js';
import { ATTEMPTS_FOLDER } from '../store/files.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { printNote } from './output.js';

export interface GuardFlags {
  readonly service: string;
  readonly keyFile?: string;
  readonly for?: string;
  readonly agent?: string;
  readonly bundle?: string;
  readonly data?: string;
  readonly server?: string;
  /** Whether the prompt that the client sends is trusted. */
  readonly prompt?: boolean;
  /** Whether mappings count that the server declares for its tools. */
  readonly declaredMappings?: boolean;
}

const DATA = './data';
const KEY_FILE = './data/keys/default.key';
const KEYS_FOLDER = 'keys';
/** Of a server that nobody named: its command. */
const MAX_NAME_LENGTH = 256;

/** `writ guard -- command`: an MCP server over stdio in front of another; every call is decided by the service. */
export async function guard(command: readonly [string, ...string[]], flags: GuardFlags): Promise<ExitCode> {
  const originator = parseUid(flags.for ?? '');
  const agent = flags.agent === undefined ? undefined : parseUid(flags.agent);
  if (originator === undefined || (flags.agent !== undefined && agent === undefined)) {
    throw new UsageError(
      '--for or --agent is not an identity',
      'write it as Type::"id": --for \'User::"ana"\' --agent \'Agent::"support-bot"\'',
    );
  }
  const serverName = flags.server ?? 'server';
  const log = lineLog((line) => printNote(`writ guard: ${line}`));
  const keyFile = flags.keyFile ?? KEY_FILE;
  if (!existsSync(keyFile))
    throw new UsageError(
      `there is no key in ${keyFile}`,
      'name that of the caller with --key-file; `writ caller add NAME --for PERSON --agent AGENT` makes one',
    );
  const key = readFileSync(keyFile, 'utf8').trim();
  CREDENTIALS.add(key);
  for (const [name, value] of Object.entries(process.env)) CREDENTIALS.addNamed(name, value);
  const service = new ServiceClient(flags.service, key);
  const point = remoteDecisionPoint(service, log);
  const bundle = flags.bundle === undefined ? undefined : loadBundle(flags.bundle);
  const hold = holdSettings((bundle?.access ?? DEFAULT_ACCESS).gateway);

  const gone = new AbortController();
  const ended = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  // The connection has one, once it is known which revision the client speaks.
  let server: ReturnType<typeof mcpServer> | undefined;
  const task = `guard ${flags.server}`;
  // The client has one session: the process.
  const conversation = randomUUID();
  const isPromptTrusted = flags.prompt === true;
  const client = { originator: originator as EntityUid, agent, task, conversation, isPromptTrusted };
  const context = { client, txnToken: undefined };
  const lines = new StdioLines(process.stdin, process.stdout);
  // The server may request what the client supports.
  const bridge = ClientBridge.for(await lines.first);
  const notifyChange = (): void => {
    if (server !== undefined) notifyLists(server);
  };
  const pins = new ReportedTools({
    client: service,
    server: flags.server ?? command.join(' ').slice(0, MAX_NAME_LENGTH),
    log,
    onChange: notifyChange,
  });
  const [name, ...args] = command;
  const upstream = await Upstream.start(
    serverName,
    { command: name, args, env: inheritedEnv(), stderr: 'inherit' },
    {
      ...(bridge === undefined ? {} : { bridge }),
      onTools: (tools, refused) => pins.report(tools, refused),
      onContents: notifyChange,
    },
  );
  // Declared mappings are trusted only where the service pins the tools: otherwise they could change unnoticed.
  const mappings = flags.declaredMappings === true || pins.isPinned ? 'declared' : 'bundle';
  const mapper =
    bundle === undefined
      ? new CallMapper([], { [serverName]: { mappings } }, 'no-schema')
      : mapperOf(bundle, flags.data ?? DATA, mappings);
  const attempts = new AttemptsToHandIn({
    folder: new AttemptFolder(join(dataOf(flags), ATTEMPTS_FOLDER), Buffer.from(key), flags.service, log),
    handIn: handInTo(service, log),
    clock: () => new Date(),
    log,
  });
  const gateway = new Gateway({
    attempts,
    upstreams: [upstream],
    mapper: () => mapper,
    point,
    log,
    startPerClient: undefined,
    queue: new CallQueue(point, () => hold, point.desk),
    toolStates: pins,
    hash: keyedHash(Buffer.from(key)),
  });
  const plain = new PlainConnection(gateway, context);
  const admission = {
    context,
    signal: () => gone.signal,
    resource: () => serverName,
    resourceUpdated: (uri: string) => void server?.sendResourceUpdated({ uri }).catch(() => undefined),
  };
  const transport = new StdioTransport(lines, (message) => admit(gateway, message, admission), plain);
  const serverFor = (): ReturnType<typeof mcpServer> => {
    const logs = bridge !== undefined && upstream.contents.logs;
    server = mcpServer(gateway, ({ mcpReq }) => plain.contextOf(mcpReq.id), logs ? { logging: {} } : {});
    bridge?.connect(server, [upstream], (message) => gateway.serverSaid(message));
    return server;
  };
  const served = serveStdio(serverFor, { transport, onerror: (error) => log.error(error, 'mcp') });
  await ended;
  gone.abort();
  await served.close();
  pins.close();
  await upstream.close();
  await gateway.close(0);
  await point.settled();
  await point.endSession?.(conversation).catch((error: unknown) => log.error(error, 'the session was not ended'));
  await attempts.close();
  return EXIT.ok;
}

/** Returns the folder for what outlives the guard: the data folder that its key is in, if none is named. A client starts it anywhere. */
function dataOf({ data, keyFile = KEY_FILE }: GuardFlags): string {
  const keys = dirname(resolve(keyFile));
  return data ?? (basename(keys) === KEYS_FOLDER ? dirname(keys) : DATA);
}

/** A guarded server gets the environment that it would have had: the guard stands where its command stood. */
function inheritedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
