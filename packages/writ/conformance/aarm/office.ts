import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { started } from '../started.js';

/** The office of examples/aarm: a service, its gateway, and an MCP server behind it, as `writ start` runs them. */

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: checks look into answers of every shape
  readonly json: any;
}

/** How a tool call went. */
export interface Called {
  readonly isDone: boolean;
  readonly message: string;
  /** Of the decision that let it through, or did not. */
  readonly decisionId: string;
  readonly result: string;
}

const DECISION_META = 'dev.writ/decision';

export class Office {
  private readonly clients = new Map<string, Client>();

  private constructor(
    private readonly bin: string,
    private readonly bundle: string,
    private readonly child: ChildProcess,
    readonly data: string,
    readonly url: string,
    private readonly gateway: string,
  ) {}

  static async open(bin: string, bundle: string): Promise<Office> {
    const data = mkdtempSync(join(tmpdir(), 'writ-aarm-'));
    const { child, said } = await started(bin, bundle, data, /gateway\s+\S+\n/);
    const [, url = ''] = /service\s+(\S+)/.exec(said) ?? [];
    const [, gateway = ''] = /gateway\s+(\S+)/.exec(said) ?? [];
    return new Office(bin, bundle, child, data, url, gateway);
  }

  key(name: string): string {
    return readFileSync(join(this.data, 'keys', `${name}.key`), 'utf8').trim();
  }

  /** What reached the server behind the gateway. */
  journal(): string[] {
    const file = join(this.data, 'journal.txt');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  /** Asks the service as a caller of it. */
  async ask(method: string, path: string, body?: unknown, as = 'admin'): Promise<Answer> {
    const isForm = body instanceof URLSearchParams;
    const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
    const response = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${this.key(as)}`, ...(body === undefined ? {} : { 'Content-Type': type }) },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : text };
  }

  /** Calls a tool through the gateway, as a client of it. */
  async call(
    client: string,
    tool: string,
    input: Record<string, unknown> = {},
    { prompt, txnToken }: { readonly prompt?: string; readonly txnToken?: string } = {},
  ): Promise<Called> {
    const _meta = {
      ...(prompt === undefined ? {} : { 'dev.writ/prompt': prompt }),
      ...(txnToken === undefined ? {} : { 'dev.writ/txn-token': txnToken }),
    };
    return called((await this.client(client)).callTool({ name: tool, arguments: input, _meta }));
  }

  /** Calls a tool through `writ guard`, in front of the same server, with a decision point at a URL. */
  async callGuarded(service: string, tool: string, input: Record<string, unknown>): Promise<Called> {
    const server = ['node', join(this.bundle, 'server.mjs'), join(this.data, 'journal.txt')];
    const key = join(this.data, 'keys/default.key');
    const flags = ['--service', service, '--key-file', key, '--for', 'User::"ana"'];
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [this.bin, 'guard', ...flags, '--', ...server],
      stderr: 'ignore',
    });
    const client = new Client({ name: 'aarm', version: '1.0.0' });
    await client.connect(transport);
    try {
      return await called(client.callTool({ name: tool, arguments: input }));
    } finally {
      await client.close();
    }
  }

  /** Runs `writ` to its end. */
  async command(...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [this.bin, ...args], { env: { ...process.env, NO_COLOR: '1' } });
      let out = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          out += String(chunk);
        });
      child.on('close', (code) => resolve({ code, out }));
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: a record is looked into
  async record(id: string): Promise<any> {
    return (await this.ask('GET', `/v1/decisions/${id}`)).json;
  }

  // biome-ignore lint/suspicious/noExplicitAny: records are looked into
  async decisions(query: string): Promise<any[]> {
    return (await this.ask('GET', `/v1/decisions?${query}`)).json.decisions;
  }

  /** The receipt of a decision, in a file. */
  async receipt(id: string): Promise<string> {
    const file = join(this.data, `${id}.receipt`);
    const { code, out } = await this.command('log', 'receipt', id, '--data', this.data, '--out', file);
    if (code !== 0) throw new Error(out);
    return file;
  }

  /** Whether a receipt holds, with the public key of the log alone. */
  async verify(file: string): Promise<boolean> {
    return (await this.command('log', 'verify', file, '--key', join(this.data, 'keys/log.pub'))).code === 0;
  }

  async close(): Promise<void> {
    for (const client of this.clients.values()) await client.close().catch(() => undefined);
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
    rmSync(this.data, { recursive: true, force: true });
  }

  private async client(name: string): Promise<Client> {
    let client = this.clients.get(name);
    if (client === undefined) {
      client = new Client({ name, version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
      const headers = { Authorization: `Bearer ${this.key(name)}` };
      await client.connect(new StreamableHTTPClientTransport(new URL(this.gateway), { requestInit: { headers } }));
      this.clients.set(name, client);
    }
    return client;
  }
}

async function called(call: Promise<unknown>): Promise<Called> {
  try {
    const { content, _meta } = (await call) as { content?: { text?: string }[]; _meta?: Record<string, unknown> };
    const result = (content ?? []).map(({ text }) => text ?? '').join('\n');
    return { isDone: true, message: '', decisionId: String(_meta?.[DECISION_META] ?? ''), result };
  } catch (error) {
    const { message, data } = error as Error & { data?: { decisionId?: string } };
    return { isDone: false, message, decisionId: data?.decisionId ?? '', result: '' };
  }
}
