import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endsWithUs, freePort, patient, rest } from './processes.js';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  readonly json: any;
}

export interface Sending {
  /** The name of a key, or null for no credential. */
  readonly as?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface ServiceOptions {
  /** The folder of the checkout that is attacked. */
  readonly root: string;
  readonly bundle: string;
  readonly data: string;
  /** A database; SQLite in the data folder by default. */
  readonly store?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** How long it may take until it is ready; 30 s by default. */
  readonly readyMs?: number;
}

/** An AuthZEN request, as short as an attack needs it. */
export interface Asked {
  readonly user?: string;
  readonly action?: string;
  readonly id?: string;
  readonly context?: object;
}

/** `writ start`, as a process of its own. */
export class Service {
  private said = '';
  private code: number | string | undefined;

  private constructor(
    readonly options: ServiceOptions,
    readonly child: ChildProcess,
    readonly port: number,
    readonly gatewayPort: number,
  ) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        this.said = `${this.said}${String(chunk)}`.slice(-200_000);
      });
    child.once('exit', (code, signal) => {
      this.code = code ?? signal ?? 'gone';
    });
  }

  /** Starts it without waiting until it is ready. */
  static async launch(options: ServiceOptions): Promise<Service> {
    const [port, gatewayPort] = [await freePort(), await freePort()];
    const { root, bundle, data, store, env = {}, args = [] } = options;
    const ports = ['--port', String(port), '--gateway-port', String(gatewayPort)];
    const bin = join(root, 'packages/writ/bin/writ.js');
    const all = [bin, 'start', '--bundle', bundle, '--data', data, ...ports, '--log-level', 'warn', ...args];
    const child = endsWithUs(
      spawn(process.execPath, all, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NO_COLOR: '1', ...(store === undefined ? {} : { WRIT_STORE: store }), ...env },
      }),
    );
    return new Service(options, child, port, gatewayPort);
  }

  /** Starts it, and waits until it is ready. @throws Refused with what it printed, if it ends before */
  static async start(options: ServiceOptions): Promise<Service> {
    const service = await Service.launch(options);
    if (await service.becomes(200, options.readyMs ?? patient(30_000))) return service;
    const { ended, output } = service;
    await service.kill();
    if (ended === undefined) throw new Error(`the service was not ready in time: ${output.slice(-600)}`);
    throw new Refused(`the service ended with ${ended}: ${output.slice(-600)}`);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get gatewayUrl(): string {
    return `http://127.0.0.1:${this.gatewayPort}/mcp`;
  }

  /** All that it printed. */
  get output(): string {
    return this.said;
  }

  /** Its exit code or the signal that ended it; undefined while it runs. */
  get ended(): number | string | undefined {
    return this.code;
  }

  /** Whether `/readyz` answers with this status within the time. */
  async becomes(status: number, withinMs: number): Promise<boolean> {
    for (const begin = Date.now(); Date.now() - begin < withinMs && this.code === undefined; await rest(25)) {
      const timeoutMs = Math.max(50, withinMs - (Date.now() - begin));
      const ready = await this.send('GET', '/readyz', undefined, { as: null, timeoutMs }).catch(() => undefined);
      if (ready?.status === status) return true;
    }
    return false;
  }

  key(name = 'default'): string {
    return readFileSync(this.keyFile(name), 'utf8').trim();
  }

  keyFile(name = 'default'): string {
    return join(this.options.data, 'keys', `${name}.key`);
  }

  /** Sends JSON, or a text as it is, as a caller. */
  async send(method: string, path: string, body?: unknown, options: Sending = {}): Promise<Reply> {
    const { as = 'default', headers = {}, timeoutMs = 20_000 } = options;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(as === null ? {} : { Authorization: `Bearer ${this.key(as)}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  }

  /** Asks for a decision; after a 503 again, as an honest caller does. */
  async ask(asked: Asked = {}, options: Sending = {}): Promise<Reply> {
    const { user = 'ana', action = 'read', id = '1', context = {} } = asked;
    const subject = { type: 'User', id: user };
    const body = { subject, action: { name: action }, resource: { type: 'Doc', id }, context };
    const timeoutMs = options.timeoutMs ?? 5_000;
    for (const begin = Date.now(); ; await rest(100)) {
      const reply = await this.send('POST', '/access/v1/evaluation', body, options);
      if (reply.status !== 503 || Date.now() - begin > timeoutMs) return reply;
    }
  }

  /** Whether an action is permitted. An error counts as a denial. */
  async permits(asked: Asked = {}, options: Sending = {}): Promise<boolean> {
    const reply = await this.ask(asked, options).catch(() => undefined);
    return reply?.status === 200 && reply.json?.decision === true;
  }

  /** Stops it as an operator does, and waits for its end. */
  async stop(): Promise<void> {
    if (this.code === undefined) this.child.kill('SIGTERM');
    if (!(await this.endsWithin(8_000))) await this.kill();
  }

  async kill(): Promise<void> {
    if (this.code === undefined) this.child.kill('SIGKILL');
    await this.endsWithin(5_000);
  }

  async endsWithin(ms: number): Promise<boolean> {
    for (const begin = Date.now(); this.code === undefined && Date.now() - begin < ms; ) await rest(20);
    return this.code !== undefined;
  }
}

/** The service ended by itself before it was ready. */
export class Refused extends Error {}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
