import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, ProtocolError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { freePort, type Server, startWrit } from '../service/server.js';
import { WITHOUT_KIND } from './bundles.js';
import type { RecordedCall, RecordedTask } from './recorded.js';
import type { Grant } from './replayed.js';
import type { Decided, DecidedCall, DecidedTask } from './score.js';

const SERVER = fileURLToPath(new URL('recorded-server.js', import.meta.url));
const CLIENT = 'agent';
/** The owner of the agent, who may approve by the drafted policies. */
const APPROVER = { type: 'User', id: 'owner' };
/** The most times that one call is asked of a person. */
const MOST_QUESTIONS = 3;

interface Recorded {
  readonly honest: readonly RecordedTask[];
  readonly attacks: readonly RecordedTask[];
  /** The file with the tools of the suite. */
  readonly tools: string;
  readonly kinds: readonly string[];
}

/**
 * Returns the decisions of a real gateway about the same calls: a client of MCP makes them, each task with a token of its kind and
 * prompt, and a server over stdio gives the recorded answers. All tasks of a pass share one gateway, its stores and one user.
 */
export async function throughGateway(bundle: string, recorded: Recorded, grant: Grant): Promise<Decided> {
  const pass = (tasks: readonly RecordedTask[], approves: boolean) => onePass(bundle, recorded, grant, tasks, approves);
  return {
    honest: await pass(recorded.honest, true),
    attacks: await pass(recorded.attacks, false),
    answered: await pass(recorded.attacks, true),
  };
}

async function onePass(
  bundle: string,
  { tools, kinds }: Recorded,
  grant: Grant,
  tasks: readonly RecordedTask[],
  approves: boolean,
): Promise<DecidedTask[]> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-agentdojo-'));
  const next = join(folder, 'next.json');
  const gatewayPort = await freePort();
  const files = { ...filesOf(bundle), ...servingFiles(bundle, [tools, next], kinds) };
  const writ = await startWrit({ bundle: files, gatewayPort });
  const client = new Client({ name: 'recorded', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  try {
    const headers = { Authorization: `Bearer ${writ.keyOf?.(CLIENT)}` };
    const url = new URL(`http://127.0.0.1:${gatewayPort}/mcp`);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
    const decided: DecidedTask[] = [];
    for (const { task, kind, prompt, calls } of tasks) {
      const token = await tokenOf(writ, grant === 'role' ? WITHOUT_KIND : (kind ?? WITHOUT_KIND), prompt);
      const results: DecidedCall[] = [];
      for (const call of calls) {
        writeFileSync(next, JSON.stringify(call));
        results.push(
          await made(writ, client, call, { 'dev.writ/txn-token': token, 'dev.writ/prompt': prompt }, approves),
        );
      }
      decided.push({ task, calls: results });
    }
    return decided;
  } finally {
    await client.close();
    await writ.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a call. Returns its decision: `step_up` if it went through after a person said yes. */
async function made(
  writ: Server,
  client: Client,
  { tool, args }: RecordedCall,
  meta: Readonly<Record<string, unknown>>,
  approves: boolean,
): Promise<DecidedCall> {
  let asked: DecidedCall | undefined;
  for (let i = 0; i < MOST_QUESTIONS; i += 1) {
    const refusal = await client.callTool({ name: tool, arguments: { ...args }, _meta: { ...meta } }).then(
      () => undefined,
      (error: unknown) => refusalIn(error),
    );
    if (refusal === undefined) return asked ?? { tool, result: 'allow', reasons: [] };
    const call = { tool, result: refusal.result, reasons: refusal.reasons };
    if (refusal.request === undefined || !approves) return call;
    await approve(writ, refusal.request);
    asked ??= call;
  }
  return { tool, result: 'deny', reasons: ['asked_again'] };
}

interface Refusal {
  readonly result: string;
  readonly reasons: readonly string[];
  /** The id of the request for an approval. */
  readonly request?: string | undefined;
}

function refusalIn(error: unknown): Refusal {
  if (!(error instanceof ProtocolError)) throw error;
  const data = error.data as {
    result?: string;
    reasons?: { policy: string }[];
    refusal?: { code: string };
    accessRequest?: { id: string };
  } | null;
  if (data?.result === undefined) return { result: 'deny', reasons: [`${error.code} ${error.message}`.slice(0, 200)] };
  const reasons = (data.reasons ?? []).map(({ policy }) => policy);
  const refused = reasons.length === 0 && data.refusal !== undefined ? [data.refusal.code] : reasons;
  return { result: data.result, reasons: refused, request: data.accessRequest?.id };
}

async function tokenOf(writ: Server, kind: string, prompt: string): Promise<string> {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token: writ.keyOf?.(CLIENT) ?? '',
    audience: 'agentdojo.example',
    scope: kind,
    prompt,
  };
  const { access_token } = await post<{ access_token: string }>(writ, '/token', new URLSearchParams(form));
  return access_token;
}

/** Approves a request for the rest of its task, which endorses its values. */
async function approve(writ: Server, id: string): Promise<void> {
  const body = JSON.stringify({
    as: `${APPROVER.type}::${JSON.stringify(APPROVER.id)}`,
    reason: 'the recording continues',
    uses: 'task',
  });
  await post(writ, `/v1/access-requests/${id}/approve`, body, 'admin');
}

async function post<T>(writ: Server, path: string, body: string | URLSearchParams, key = 'default'): Promise<T> {
  const headers = { Authorization: `Bearer ${writ.keyOf?.(key)}` };
  const type = typeof body === 'string' ? { 'Content-Type': 'application/json' } : {};
  const reply = await fetch(`http://127.0.0.1:${writ.port}${path}`, {
    method: 'POST',
    headers: { ...headers, ...type },
    body,
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${path} answered ${reply.status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as T;
}

function filesOf(bundle: string): Record<string, string> {
  const entries = readdirSync(bundle, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [relative(bundle, path), readFileSync(path, 'utf8')]));
}

/** Returns the files that differ so that the bundle is served: who calls, who approves, and that tasks are started. No rule about a tool. */
function servingFiles(bundle: string, args: readonly string[], kinds: readonly string[]): Record<string, string> {
  const read = (path: string): string => readFileSync(join(bundle, path), 'utf8');
  const server = { command: process.execPath, args: [SERVER, ...args] };
  const client = { agent: 'Agent::"agent"', for: 'User::"user"', prompt: true, scopes: [WITHOUT_KIND, ...kinds] };
  const schema = read('schema.cedarschema');
  const start = `entity Task;
action start_task appliesTo { principal: [User, Agent], resource: [Task], context: { scope: Set<String> } };
`;
  return {
    'writ.yaml': `${read('writ.yaml')}
callers: { default: {} }
record: { durability: async }
tokens: { trustDomain: agentdojo.example, lifetime: 60m }
gateway:
  servers: { recorded: ${JSON.stringify(server)} }
  clients: { ${CLIENT}: ${JSON.stringify(client)} }
`,
    'schema.cedarschema': schema.includes('start_task') ? schema : `${schema}\n${start}`,
    // Nobody can approve for an agent without an owner, where the schema says that owners are users.
    'entities/identities.json': JSON.stringify([
      { uid: { type: 'User', id: 'user' } },
      { uid: { type: 'Agent', id: 'agent' }, attrs: { owner: { __entity: APPROVER } } },
    ]),
    'policies/recorded.cedar': `@id("recorded-start") permit (principal, action == Action::"start_task", resource);
`,
  };
}
