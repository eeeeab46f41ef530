import { readFileSync } from 'node:fs';
import { Client, ProtocolError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { DECISION_META, decidingPolicies, type Result, type Writ } from 'writ';
import type { Session, Step } from './sessions.js';

/** The result of one call of a session. */
export interface CallReport {
  readonly session: Session['name'];
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly result: Result;
  /** The policies that decided, each with its reason. */
  readonly reasons: readonly { readonly policy: string; readonly reason?: string }[];
  readonly decisionId: string;
  /** True only when the upstream server answered the call: from the record of its outcome. */
  readonly executed: boolean;
  readonly message: string;
}

/** Runs a session through the gateway with the official MCP client, as any agent would. */
export async function drive(writ: Writ, session: Session): Promise<CallReport[]> {
  const key = readFileSync(writ.keyFileOf(session.client), 'utf8').trim();
  const client = new Client({ name: session.client, version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  const transport = new StreamableHTTPClientTransport(new URL(writ.gatewayUrl as string), {
    requestInit: { headers: { Authorization: `Bearer ${key}` } },
  });
  await client.connect(transport);
  try {
    const reports: CallReport[] = [];
    for (const step of session.steps) reports.push(await call(writ, client, session, step));
    return reports;
  } finally {
    await client.close();
  }
}

async function call(writ: Writ, client: Client, session: Session, step: Step): Promise<CallReport> {
  const { decisionId, message } = await attempt(client, step);
  const recorded = await writ.findDecision(decisionId);
  if (recorded === undefined) throw new Error(`the decision ${decisionId} is not in the record`);
  const { decision, outcome } = recorded;
  return {
    session: session.name,
    tool: step.tool,
    arguments: step.arguments,
    result: decision.result,
    reasons: decidingPolicies(decision),
    decisionId,
    executed: outcome === 'completed' || outcome === 'failed',
    message,
  };
}

async function attempt(client: Client, step: Step): Promise<{ decisionId: string; message: string }> {
  try {
    const result = await client.callTool({ name: step.tool, arguments: { ...step.arguments } });
    return { decisionId: String(result._meta?.[DECISION_META]), message: 'done' };
  } catch (error) {
    if (!ProtocolError.isInstance(error)) throw error;
    const data = error.data as { decisionId?: string } | undefined;
    if (data?.decisionId === undefined) throw error;
    return { decisionId: data.decisionId, message: error.message };
  }
}
