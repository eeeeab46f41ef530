import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** A load generator, run as a process of its own: a fixed number of connections, one request at a time on each. */

export interface LoadPlan {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** POST by default. A GET has no body. */
  readonly method?: 'GET' | 'POST';
  /** Sent in turn. */
  readonly bodies: readonly string[];
  /** Headers that belong to a body each, in the same order. */
  readonly headersOfEach?: readonly Readonly<Record<string, string>>[];
  /** Each body is sent once, and the load ends with the last; there is no warm-up. */
  readonly once?: boolean;
  readonly connections: number;
  /** Text that every answer has; one without it counts as failed. */
  readonly mustSay?: string;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadResult {
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly answered: number;
  /** Answers that were not a 200, after the warm-up. */
  readonly failed: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CLOSING = '}'.charCodeAt(0);

export function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const method = plan.method ?? 'POST';
  const requests = plan.bodies.map((body, i) => {
    const headers = {
      Host: '127.0.0.1',
      ...(method === 'GET' ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
      ...plan.headers,
      ...plan.headersOfEach?.[i],
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    return Buffer.from(`${method} ${plan.path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  });
  const begin = performance.now();
  const from = begin + plan.warmUpMs;
  const until = from + plan.measureMs;
  const times: number[] = [];
  let [next, failed] = [0, 0];

  const connection = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(plan.port, '127.0.0.1');
      socket.setNoDelay(true);
      let pending: Buffer = Buffer.alloc(0);
      // Most answers are as long as the one before: those need no reading of their head.
      let usual = -1;
      let sentAt = 0;
      const send = (): void => {
        sentAt = performance.now();
        socket.write(requests[next % requests.length] as Buffer);
        next += 1;
      };
      socket.on('connect', send);
      socket.on('error', reject);
      socket.on('data', (chunk: Buffer) => {
        pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
        const end = pending.length === usual && pending[usual - 1] === CLOSING ? usual : lengthOf(pending);
        if (end === undefined || pending.length < end) return;
        usual = end;
        const now = performance.now();
        if ((pending[9] !== 0x32 && sentAt >= from) || pending.indexOf(plan.mustSay ?? '') === -1) failed += 1;
        pending = pending.subarray(end);
        if (plan.once === true || (sentAt >= from && now <= until)) times.push(now - sentAt);
        if (plan.once === true ? next < requests.length : now < until) send();
        else {
          socket.destroy();
          resolve();
        }
      });
    });

  return Promise.all(Array.from({ length: plan.connections }, connection)).then(() => {
    const sorted = Float64Array.from(times).sort();
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    return {
      rate: sorted.length / ((plan.once === true ? performance.now() - begin : plan.measureMs) / 1_000),
      p50: at(0.5),
      p99: at(0.99),
      answered: sorted.length,
      failed,
    };
  });
}

/** How long the first answer is; undefined while its head is not whole. */
function lengthOf(answer: Buffer): number | undefined {
  const end = answer.indexOf(HEAD_END);
  if (end === -1) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer.toString('latin1', 0, end))?.[1];
  if (length === undefined) throw new Error('an answer has no Content-Length');
  return end + 4 + Number(length);
}

if (process.argv[2] === '--plan') {
  const plan = JSON.parse(readFileSync(0, 'utf8')) as LoadPlan;
  console.log(JSON.stringify(await runLoad(plan)));
}
