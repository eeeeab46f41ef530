import { mkdirSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ExportedEntry, Form, Sink } from './sink.js';

/** A file with a JSON object a line (NDJSON). To rotate it, move it: the next batch begins a new one. */
export class FileSink implements Sink {
  readonly batch = { entries: 1, ms: 0 };

  constructor(
    private readonly file: string,
    private readonly form: Form,
  ) {}

  async send(entries: readonly ExportedEntry[]): Promise<void> {
    const lines = entries.flatMap((entry) => this.form(entry) ?? []);
    if (lines.length === 0) return;
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    const handle: FileHandle = await open(this.file, 'a', 0o600);
    try {
      await handle.appendFile(`${lines.join('\n')}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  async close(): Promise<void> {}
}
