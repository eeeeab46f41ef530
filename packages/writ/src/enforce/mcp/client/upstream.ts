import { CLIENT_CAPABILITIES_META_KEY, Client, ProtocolError } from '@modelcontextprotocol/client';
import { messageOf } from '@writ/sdk/lib/message-of';
import pLimit, { type LimitFunction } from 'p-limit';
import { onceForAll } from '../../../lib/once-for-all.js';
import { UpstreamError } from '../../errors.js';
import type { CallOptions, Tool } from '../protocol/call.js';
import { TOKEN_META } from '../protocol/carried.js';
import { GATEWAY_INFO } from '../protocol/gateway-info.js';
import { paramHeaders } from '../protocol/request-headers.js';
import type { CallResult } from '../protocol/result.js';
import { TASKS_EXTENSION } from '../protocol/tasks-extension.js';
import { retryOf } from '../protocol/user-input.js';
import { AnswerBounds } from './answer-bounds.js';
import { type Bridge, bridgeTo } from './bridge.js';
import { SharedConnection } from './connection-requests.js';
import type { DirectRequests } from './direct-requests.js';
import type { RefusedTool } from './listed-tool.js';
import { Listing, type OnTools } from './listing.js';
import type { OfferedContents } from './offered-contents.js';
import { type ServerAddress, type ServerCommand, transportTo } from './server-address.js';
import { requestsTo, type ServerRequests } from './server-requests.js';
import { WatchedResources } from './watched.js';

interface UpstreamOptions {
  /** Whether transaction tokens are passed on to the server. */
  readonly getsToken?: boolean;
  /** The prefix of the names of its tools, as clients see them. */
  readonly prefix?: string;
  /** The time for one call, in milliseconds. */
  readonly timeoutMs?: number;
  /** The most calls at once; others wait. */
  readonly concurrency?: number;
  /** Called with the listed tools each time they are listed, before anybody sees them. */
  readonly onTools?: OnTools;
  /**
   * The one client that the server serves. Without it a server of an earlier revision can ask nobody: nothing says
   * whose user.
   */
  readonly bridge?: Bridge;
  /** Called when its resources or prompts have changed. */
  readonly onContents?: () => void;
  /** Called when the connection is lost or restored. */
  readonly onState?: (message: string) => void;
}

const [INPUT_REQUIRED, TASK] = ['input_required', 'task'] as const;
const CALL_TIMEOUT_MS = 60_000;
const CONCURRENCY = 64;
/** The most calls that wait for their turn. */
const MAX_WAITING = 1_000;
/** How long one attempt to connect and list may take: a server can list pages without an end. */
const CONNECT_MS = 60_000;
/** How long the start of the gateway waits for a server. */
const START_MS = 10_000;
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 30_000;

/** An MCP server behind an enforcement point. A lost connection is made again, after longer and longer times. */
export class Upstream {
  private readonly listing = new Listing();
  private client: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private wait = FIRST_WAIT_MS;
  /**
   * How the revision is negotiated: a server that serves one client gets an earlier revision, so that it can ask and
   * log.
   */
  private negotiation: 'legacy' | 'auto';
  private isClosed = false;
  /** Requests without the SDK, and those that can report progress. */
  private requests: ServerRequests | undefined;
  private readonly limit: LimitFunction;
  private readonly watched = new WatchedResources();

  private constructor(
    readonly name: string,
    private readonly server: ServerCommand | ServerAddress,
    private readonly options: UpstreamOptions,
  ) {
    this.limit = pLimit(options.concurrency ?? CONCURRENCY);
    this.negotiation = options.bridge === undefined ? 'auto' : 'legacy';
  }

  /**
   * Starts the server, or connects to it, and lists its tools.
   *
   * @throws {UpstreamError} if it does not start or does not speak MCP
   */
  static async start(
    name: string,
    server: ServerCommand | ServerAddress,
    options: UpstreamOptions = {},
  ): Promise<Upstream> {
    const upstream = new Upstream(name, server, options);
    try {
      await upstream.connect().catch((error: unknown) => {
        if (upstream.negotiation === 'auto') throw error;
        // The server may have no earlier revision.
        upstream.negotiation = 'auto';
        return upstream.connect();
      });
    } catch (cause) {
      upstream.isClosed = true;
      const how = 'url' in server ? `is it served at ${server.url}?` : `try the command by hand: ${server.command}`;
      throw new UpstreamError(`the MCP server ${name} did not start: ${messageOf(cause)}`, how, { cause });
    }
    return upstream;
  }

  /**
   * Starts the server as {@link start} does. A server that is down, or slow, is one broken server: it has no tools until it
   * is connected to, and is tried again like one that is gone. Never rejects.
   */
  static async startOrRetry(
    name: string,
    server: ServerCommand | ServerAddress,
    options: UpstreamOptions,
  ): Promise<Upstream> {
    const upstream = new Upstream(name, server, options);
    const connected = upstream.connect().catch((error: unknown) => {
      if (upstream.isClosed) return;
      options.onState?.(`${name} did not start (${messageOf(error)}); it is tried again in ${upstream.wait / 1_000} s`);
      upstream.again();
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        options.onState?.(`${name} has not started after ${START_MS / 1_000} s; the others start without it`);
        resolve();
      }, START_MS);
    });
    await Promise.race([connected, late]);
    clearTimeout(timer);
    return upstream;
  }

  get tools(): readonly Tool[] {
    return this.listing.tools;
  }

  get contents(): OfferedContents {
    return this.listing.contents;
  }

  /** The prefix of the names of its tools, as clients see them. */
  get prefix(): string {
    return this.options.prefix ?? '';
  }

  get isAlive(): boolean {
    return this.client !== undefined;
  }

  /** The tools that cannot be used as the server describes them, with reasons. */
  get refused(): readonly RefusedTool[] {
    return this.listing.refused;
  }

  /** Returns why arguments do not fit the tool's own input schema; undefined if they fit. */
  schemaError(tool: string, input: unknown): string | undefined {
    return this.listing.schemaError(tool, input);
  }

  /**
   * Calls a tool. Only the name and the arguments are passed on: nothing that was not decided.
   *
   * @throws {UpstreamError} if the call did not reach the server
   */
  call(tool: string, input: Readonly<Record<string, unknown>>, options: CallOptions = {}): Promise<CallResult> {
    return this.request('tools/call', { name: tool, arguments: { ...input } }, options);
  }

  /**
   * Sends a request of MCP, with these parameters and no others.
   *
   * @throws {UpstreamError} if it did not reach the server
   */
  async request(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: CallOptions = {},
  ): Promise<CallResult> {
    const { signal, onProgress, input } = options;
    if (this.limit.pendingCount >= MAX_WAITING)
      throw new UpstreamError(`${MAX_WAITING} calls wait for ${this.name} already`, 'try again later');
    return this.limit(async () => {
      const { client, requests } = this;
      if (client === undefined || requests === undefined)
        throw new UpstreamError(`${this.name} is not running`, 'it is started again by itself');
      const takesTasks = options.takesTasks === true && onProgress === undefined && requests.hasTasks;
      const sent = { method, params: { ...params, ...retryOf(input), ...this.metaFor({ ...options, takesTasks }) } };
      const timeoutMs = this.options.timeoutMs ?? CALL_TIMEOUT_MS;
      const headers = this.headersFor(method, params);
      try {
        const may = [...(input === undefined ? [] : [INPUT_REQUIRED]), ...(takesTasks ? [TASK] : [])];
        const { direct, shared } = requests;
        const by = onProgress === undefined ? direct : shared;
        return await by.request({ ...sent, headers, timeoutMs, signal, may, onProgress });
      } catch (error) {
        if (!('url' in this.server) || ProtocolError.isInstance(error)) throw error;
        // A server that is gone, or does not know our session, is connected to again.
        if (signal?.aborted !== true) this.lost(client);
        if (wasNotSent(error))
          throw new UpstreamError(`${this.name} does not answer`, 'it is tried again by itself', { cause: error });
        throw error;
      }
    });
  }

  /** Returns the headers in which a tool has its arguments repeated. */
  private headersFor(method: string, params: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
    const tool = method === 'tools/call' ? this.tools.find(({ name }) => name === params.name) : undefined;
    return tool === undefined ? {} : paramHeaders(tool.inputSchema, params.arguments as Record<string, unknown>);
  }

  private metaFor({ carried: { trace, txnToken } = {}, input, takesTasks = false }: CallOptions): {
    readonly _meta?: Record<string, unknown>;
  } {
    const extensions = takesTasks ? { extensions: { [TASKS_EXTENSION]: {} } } : {};
    const meta = {
      ...trace,
      ...(this.options.getsToken === true && txnToken !== undefined ? { [TOKEN_META]: txnToken } : {}),
      ...(input === undefined && !takesTasks
        ? {}
        : { [CLIENT_CAPABILITIES_META_KEY]: { ...input?.capabilities, ...extensions } }),
    };
    return Object.keys(meta).length === 0 ? {} : { _meta: meta };
  }

  /**
   * Registers a listener for changes of a resource. @returns a function that removes it
   *
   * @throws {Error} if the server refuses
   */
  watch(uri: string, told: () => void): Promise<() => void> {
    return this.watched.watch(uri, told);
  }

  /** Sends a notification to the server. */
  async notify(method: 'notifications/roots/list_changed'): Promise<void> {
    await this.client?.notification({ method });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.endDirect();
    await this.client?.close();
  }

  private endDirect(): void {
    this.requests?.direct.close().catch(() => undefined);
    this.requests = undefined;
  }

  private async connect(): Promise<void> {
    const { server } = this;
    const { bridge, concurrency = CONCURRENCY } = this.options;
    const listAgain = onceForAll(() => this.listAgain(client));
    const changed = {
      autoRefresh: false,
      onChanged: () => {
        listAgain().catch((error: unknown) => this.lost(client, error));
      },
    };
    const client: Client = new Client(
      { ...GATEWAY_INFO },
      {
        versionNegotiation: { mode: this.negotiation },
        ...(bridge === undefined ? {} : { capabilities: bridge.capabilities }),
        // By subscription or by notification, as the revision of the server has it.
        listChanged: { tools: changed, resources: changed, prompts: changed },
      },
    );
    client.onclose = () => this.lost(client);
    if (bridge !== undefined) bridgeTo(client, bridge);
    const bounds = new AnswerBounds();
    const shared = new SharedConnection(transportTo(server, bounds));
    const timer = setTimeout(() => client.close().catch(() => undefined), CONNECT_MS);
    let requests: ServerRequests | undefined;
    try {
      await client.connect(shared);
      requests = requestsTo(client, shared, { server, bounds, concurrency, isBridged: bridge !== undefined });
      await this.list(client, requests.direct);
      await this.watched.use(client);
      if (this.isClosed) throw new UpstreamError(`${this.name} was closed while it started`, 'start it again');
    } catch (error) {
      await Promise.allSettled([requests?.direct.close(), client.close()]);
      throw error;
    } finally {
      clearTimeout(timer);
    }
    bounds.listed();
    this.client = client;
    this.requests = requests;
    this.wait = FIRST_WAIT_MS;
  }

  private async list(client: Client, requests: DirectRequests): Promise<void> {
    const { onTools, onState } = this.options;
    const isChanged = await this.listing.refresh(client, requests, onTools);
    for (const { name, reason } of this.listing.refused)
      onState?.(`${this.name} lists ${JSON.stringify(name)}, which cannot be used: ${reason}`);
    if (isChanged) this.options.onContents?.();
  }

  private async listAgain(client: Client): Promise<void> {
    if (this.requests !== undefined && this.client === client) await this.list(client, this.requests.direct);
  }

  private lost(client: Client, error?: unknown): void {
    if (this.client !== client) return;
    this.client = undefined;
    this.endDirect();
    if (this.isClosed) return;
    const why = error instanceof Error ? ` (${error.message})` : '';
    this.options.onState?.(`${this.name} is gone${why}; it is started again in ${this.wait / 1_000} s`);
    client.close().catch(() => undefined);
    this.again();
  }

  private again(): void {
    this.timer = setTimeout(() => {
      this.wait = Math.min(this.wait * 2, MAX_WAIT_MS);
      this.connect()
        .then(() => this.options.onState?.(`${this.name} is back`))
        .catch(() => {
          if (!this.isClosed) this.again();
        });
    }, this.wait).unref();
  }
}

/** Returns whether nothing of a request can have arrived, because nobody listened. */
function wasNotSent(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = (cause as { code?: unknown } | undefined)?.code;
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN';
}
