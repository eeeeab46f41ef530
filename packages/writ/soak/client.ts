import { Agent, request } from 'node:http';

/** What a request was answered with. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly decisionIds: readonly string[];
}

/** A client that keeps a bounded number of connections. */
export class Client {
  private readonly agent: Agent;

  constructor(
    private readonly url: string,
    connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  send(method: string, path: string, key: string, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const type =
        body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
      const headers = { Authorization: `Bearer ${key}`, ...type };
      const sent = request(this.url + path, { method, agent: this.agent, headers, timeout: 20_000 }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          const ids = String(response.headers['x-decision-id'] ?? '');
          resolve({ status: response.statusCode ?? 0, text, decisionIds: ids === '' ? [] : ids.split(', ') });
        });
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in 20 seconds`)));
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
