import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { asMessage, type Message } from './gateway.js';
import { endsWithUs, rest } from './processes.js';
import type { Service } from './service.js';

/** `writ guard` before a server, and its client over stdio. */
export class Guard {
  private next = 0;
  private pending = '';
  private said = '';
  /** All lines of the guard, unchanged. */
  readonly lines: string[] = [];
  readonly messages: Message[] = [];
  ended: number | string | undefined;

  private constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (this.pending + chunk).split('\n');
      this.pending = lines.pop() ?? '';
      this.lines.push(...lines);
      this.messages.push(...lines.flatMap(asMessage));
    });
    child.stderr?.on('data', (chunk) => {
      this.said += String(chunk);
    });
    child.stdin?.on('error', () => undefined);
    child.once('exit', (code, signal) => {
      this.ended = code ?? signal ?? 'gone';
    });
  }

  /** Starts a guard before a command, as ana's bot, and opens a session. */
  static async start(service: Service, command: readonly string[], flags: readonly string[] = []): Promise<Guard> {
    const who = ['--for', 'User::"ana"', '--agent', 'Agent::"bot"', '--server', 'hostile'];
    const at = ['--service', service.url, '--key-file', service.keyFile()];
    const bin = join(service.options.root, 'packages/writ/bin/writ.js');
    const child = spawn(process.execPath, [bin, 'guard', ...who, ...at, ...flags, '--', ...command], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    const guard = new Guard(endsWithUs(child));
    const clientInfo = { name: 'abuse', version: '1' };
    await guard.request('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
    guard.write(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
    return guard;
  }

  get output(): string {
    return this.said;
  }

  call(name: string, input: object = {}, ms?: number): Promise<{ answer: Message }> {
    return this.request('tools/call', { name, arguments: input }, ms);
  }

  /** Asks, and waits for the answer under its id; the answer is undefined if none arrives in time. */
  async request(method: string, params: object, ms = 15_000): Promise<{ answer: Message }> {
    this.next += 1;
    const id = this.next;
    this.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return { answer: await this.answerTo(id, ms) };
  }

  async answerTo(id: number | string, ms = 15_000): Promise<Message> {
    for (const begin = Date.now(); Date.now() - begin < ms; await rest(10)) {
      const found = this.messages.find((message) => message.id === id && message.method === undefined);
      if (found !== undefined) return found;
      if (this.ended !== undefined) return undefined;
    }
    return undefined;
  }

  /** Writes a line unchanged. */
  write(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.ended === undefined) this.child.kill(signal);
    for (let i = 0; this.ended === undefined && i < 300; i += 1) await rest(10);
  }
}
