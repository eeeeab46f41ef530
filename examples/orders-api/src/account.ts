import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { Client, ProtocolError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { TokenClient, type TransactionToken } from '@writ/sdk';
import { DECISION_META, decidingPolicies, type Writ } from 'writ';
import type { Session, Step } from './sessions.js';

/** The result of one step. */
export interface StepReport {
  readonly session: Session['name'];
  readonly over: 'HTTP' | 'MCP';
  readonly what: string;
  readonly result: string;
  /** The policies that denied it, each with its reason. */
  readonly reasons: readonly { readonly policy: string; readonly reason?: string }[];
  readonly decisionId: string | undefined;
}

/** The names by which the bundle knows the back end, its tasks and who begins them. */
const [HOST, SCOPE, SCHEDULER] = ['orders.example', 'returns', 'scheduler'];

/** A service account: one key and one transaction token, which it sends to both faces of the back end. */
export class Account {
  private task: TransactionToken | undefined;

  constructor(
    private readonly writ: Writ,
    private readonly session: Session,
  ) {}

  /** Works through the session, and reports what came of each step. */
  async work(): Promise<StepReport[]> {
    const reports: StepReport[] = [];
    for (const step of this.session.steps) {
      if (step.isNewTask === true) this.task = undefined;
      const report = 'tool' in step ? await this.call(step) : await this.send(step);
      reports.push(step.isNewTask === true ? { ...report, what: `${report.what}, in a new task` } : report);
    }
    return reports;
  }

  private key(name: string): string {
    return readFileSync(this.writ.keyFileOf(name), 'utf8').trim();
  }

  /** Returns the headers of a request: who asks, and in which task. */
  private async headers(method: string, url: string): Promise<Record<string, string>> {
    const tokens = new TokenClient({
      ...{ service: this.writ.serviceUrl, key: this.key(SCHEDULER), trustDomain: 'shop.example' },
    });
    const own = this.key(this.session.client);
    this.task ??= await tokens.begin({ credential: { token: own }, scope: [SCOPE] });
    return { Authorization: `Bearer ${own}`, ...(await tokens.headers(this.task, method, url)) };
  }

  private async send({ method, path, body }: Extract<Step, { path: string }>): Promise<StepReport> {
    const url = new URL(path, this.writ.httpUrl);
    const headers = { ...(await this.headers(method, url.href)), Host: HOST };
    const { status, text } = await answerTo(url, method, headers, body);
    const refused = status < 400 ? undefined : (JSON.parse(text) as Refused);
    const { amount, to } = body ?? {};
    return {
      ...{ session: this.session.name, over: 'HTTP', what: `${method} ${path}${said(amount ?? to)}` },
      result: refused?.result ?? String(status),
      reasons: refused?.reasons ?? [],
      decisionId: refused?.decision_id,
    };
  }

  private async call({ tool, arguments: given }: Extract<Step, { tool: string }>): Promise<StepReport> {
    const url = new URL(this.writ.gatewayUrl as string);
    const client = new Client(
      { name: this.session.client, version: '1.0.0' },
      { versionNegotiation: { mode: 'auto' } },
    );
    const headers = await this.headers('POST', url.href);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
    try {
      const decisionId = await decisionOf(client, tool, given);
      const recorded = await this.writ.findDecision(decisionId);
      if (recorded === undefined) throw new Error(`the decision ${decisionId} is not in the record`);
      const { result } = recorded.decision;
      const { order_id, customer_id, amount } = given;
      return {
        ...{ session: this.session.name, over: 'MCP', what: `${tool} ${order_id ?? customer_id}${said(amount)}` },
        ...{ result, reasons: result === 'allow' ? [] : decidingPolicies(recorded.decision), decisionId },
      };
    } finally {
      await client.close();
    }
  }
}

/** A denial, as the proxy answers it. */
interface Refused {
  readonly result?: string;
  readonly reasons?: StepReport['reasons'];
  readonly decision_id?: string;
}

async function decisionOf(client: Client, name: string, given: Readonly<Record<string, unknown>>): Promise<string> {
  try {
    const { _meta } = await client.callTool({ name, arguments: { ...given } });
    return String(_meta?.[DECISION_META]);
  } catch (error) {
    const { decisionId } = (ProtocolError.isInstance(error) ? (error.data ?? {}) : {}) as { decisionId?: string };
    if (decisionId === undefined) throw error;
    return decisionId;
  }
}

function answerTo(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: object | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const ofBody = sent === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': sent.length };
  return new Promise((resolve, reject) => {
    // The name of the service is not its address, which fetch would send as the host.
    const asked = request(url, { method, headers: { ...headers, ...ofBody } }, async (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      for await (const part of answer as AsyncIterable<string>) text += part;
      resolve({ status: answer.statusCode ?? 0, text });
    });
    asked.on('error', reject);
    asked.end(sent);
  });
}

/** Returns an amount in cents as a person reads it, or an address. */
function said(value: unknown): string {
  if (typeof value === 'number') return `, ${(value / 100).toFixed(2)}`;
  return value === undefined ? '' : `, to ${String(value)}`;
}
