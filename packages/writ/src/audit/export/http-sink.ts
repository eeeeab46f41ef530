import { ExportError } from './errors.js';
import type { ExportedEntry, Form, Sink } from './sink.js';

const TIMEOUT_MS = 30_000;

/** Sends batches of NDJSON by POST, as log collectors accept them. A status of 2xx is an acknowledgement. */
export class HttpSink implements Sink {
  readonly batch = { entries: 1, ms: 0 };

  constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly form: Form,
  ) {}

  async send(entries: readonly ExportedEntry[]): Promise<void> {
    const lines = entries.flatMap((entry) => this.form(entry) ?? []);
    if (lines.length === 0) return;
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-ndjson', ...this.headers },
      body: `${lines.join('\n')}\n`,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new ExportError(`${this.url} answered ${response.status}`);
  }

  async close(): Promise<void> {}
}
