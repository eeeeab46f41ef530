import type { ServerResponse } from 'node:http';

/** Builds the answer to one request, and sends it once. */
export class Reply {
  private status = 200;
  private contentType = 'application/json';
  private readonly headers: string[] = [];
  private taken = false;

  constructor(readonly raw: ServerResponse) {}

  get isSent(): boolean {
    return this.taken || this.raw.headersSent;
  }

  get statusCode(): number {
    return this.status;
  }

  code(status: number): this {
    this.status = status;
    return this;
  }

  type(contentType: string): this {
    this.contentType = contentType;
    return this;
  }

  header(name: string, value: string): this {
    this.headers.push(name, value);
    return this;
  }

  /** Returns the last value that a header was set to. */
  headerOf(name: string): string | undefined {
    for (let i = this.headers.length - 2; i >= 0; i -= 2) if (this.headers[i] === name) return this.headers[i + 1];
    return undefined;
  }

  /** Gives `raw` to the handler, which writes the answer itself. */
  hijack(): ServerResponse {
    this.taken = true;
    return this.raw;
  }

  /** Sends text or bytes; empty for a status without a body. */
  send(text: string | Buffer): void {
    this.taken = true;
    if (text.length > 0) this.headers.push('Content-Type', this.contentType);
    if (this.status !== 204) this.headers.push('Content-Length', String(Buffer.byteLength(text)));
    this.raw.writeHead(this.status, this.headers);
    this.raw.end(text);
  }
}
