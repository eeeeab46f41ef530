import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect } from 'vitest';
import { type Running, run, writeBundle } from '../running.js';

/** The shop of the documents: a service that runs in a folder, with the people, agents and tools that the commands name. */
export interface World {
  /** The folder that the commands run in; the bundle is `DIR`, the data folder `data`. */
  readonly folder: string;
  readonly writ: Running;
  /** Asks for a decision as an enforcement point, and returns its id and the context of its answer. */
  ask(asked: Asked): Promise<{ readonly id: string; readonly decision: boolean; readonly context: Denial }>;
  /** Asks for a denial to be lifted, and returns the id of the request. */
  request(asked: Asked): Promise<string>;
  /** Reports that a permitted action was done, and what its tool answered. */
  report(id: string, result: string): Promise<void>;
  /** Returns the id of a task of an agent; undefined if it is not in the list of tasks. */
  taskOf(agent: string): Promise<string | undefined>;
  /** The command of an MCP server. */
  readonly server: string;
  /** The command of another one, with other tools. */
  readonly otherServer: string;
  /** The public key of an agent, as a JWK. */
  readonly publicKey: object;
  /** Returns an access token of ana, as the identity provider of the shop gives it. */
  token(): Promise<string>;
  stop(): Promise<void>;
}

export interface Asked {
  readonly action: string;
  readonly resource?: string;
  readonly agent?: string;
  readonly task?: string;
  readonly input?: object;
}

interface Denial {
  readonly evaluation_id: string;
  readonly access_request: { readonly expires_at: string };
}

const SERVER = fileURLToPath(new URL('../servers/fragile.mjs', import.meta.url));
const FILES = fileURLToPath(new URL('../../../../node_modules/.bin/mcp-server-filesystem', import.meta.url));

const filesOf = (issuer: string): Record<string, string> => ({
  'writ.yaml': `
name: shop
tokens: { trustDomain: shop.example }
callers: { checkout: {}, docs-api: {} }
issuers:
  ${issuer}: { audience: https://writ.example, jwks: ${issuer}/jwks.json, type: JWT, identity: { type: User, id: claims.sub }, scopes: [refund] }
gateway:
  servers: { shop: { command: node, args: ['${SERVER}', '\${data}/journal.txt'], pin: approve } }
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [refund] } }
`,
  'schema.cedarschema': `
entity Group, Team, Role, Order, Task, Tool;
entity User in [Group, Team, Role] { level?: Long, boss?: User };
entity Agent in [Group, Role] { owner?: User };
entity user, record;
type Request = { consent: Bool, originator: User };
type Origin = { integrity: Long };
action approve appliesTo { principal: [User, Agent], resource: [Order, Tool], context: { request: Request } };
action delegate appliesTo { principal: [User, Agent], resource: [Agent], context: { scope: Set<String> } };
action start_task, widen_task appliesTo { principal: [User, Agent], resource: [Task] };
action refund, confirm appliesTo { principal: [User, Agent], resource: [Order], context: { input: { amount?: Long } } };
action read appliesTo { principal: [user], resource: [record] };
action echo, crash, fail, slow appliesTo { principal: [User, Agent], resource: [Tool], context: { input: {} } };
action read_web, write_note, send appliesTo {
  principal: [User, Agent], resource: [Tool],
  context: { input: { id?: String, text?: String, to?: String }, tool: { effects: Set<String>, destination?: Origin }, ledger: { seen: Set<String> } }
};`,
  'tools.yaml': `
tools:
  read_web: { effects: [read], result: [external, pii] }
  write_note: { effects: [write], writes: note, arguments: { id: target, text: content }, result: internal }
  send: { effects: [egress], arguments: { to: destination, text: content }, result: internal }
  refund: { effects: [money], arguments: { amount: amount }, result: internal }
`,
  'ledger.yaml': 'accumulators: { seen: { key: task, set: labels } }\n',
  'tasks.yaml':
    'default: any\ntasks: { any: { mandate: any }, refund: { mandate: [{ actions: [refund], resources: [Order] }] } }\n',
  'access.yaml': `templates: { lead: { ask: ['Group::"leads"'] }, customer: { consent: true, expires: 30m } }\n`,
  'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("refund-over-100") @requestable("lead") @reason("a refund over 100 is for a lead to approve")
forbid (principal is User, action == Action::"refund", resource) when { context.input has amount && context.input.amount > 100 };
@id("customer-says-yes") @requestable("customer") forbid (principal is User, action == Action::"confirm", resource);
@id("from-others") @requestable("lead") @reason("a text of others chose where this goes")
forbid (principal is User, action == Action::"send", resource)
when { context.ledger.seen.contains("external") && context.tool has destination && context.tool.destination.integrity < 4 };
@id("leads-approve") permit (principal in Group::"leads", action == Action::"approve", resource);
@id("originators-consent") permit (principal, action == Action::"approve", resource)
when { context.request.consent && principal == context.request.originator };
`,
  'entities/people.json': JSON.stringify([
    { uid: { type: 'User', id: 'ana' } },
    { uid: { type: 'User', id: 'lena' }, parents: [{ type: 'Group', id: 'leads' }] },
    { uid: { type: 'Agent', id: 'bot' } },
    { uid: { type: 'Role', id: 'on-call' } },
  ]),
});

export async function makeWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-docs-'));
  const idp = await identityProvider();
  writeBundle(join(folder, 'DIR'), filesOf(idp.issuer));
  mkdirSync(join(folder, 'data'));
  const writ = await run(join(folder, 'DIR'), { data: join(folder, 'data') });
  const body = ({ action, resource = 'Order::7', agent = 'planner', task, input = {} }: Asked): object => {
    const [type, id] = resource.split('::');
    return {
      subject: { type: 'User', id: 'ana' },
      action: { name: action },
      resource: { type, id },
      context: { agent: { type: 'Agent', id: agent }, input, ...(task === undefined ? {} : { task }) },
    };
  };
  const ask: World['ask'] = async (asked) => {
    const { json, headers } = await writ.send('POST', '/access/v1/evaluation', body(asked));
    return { id: headers.get('x-decision-id') as string, decision: json.decision, context: json.context };
  };
  return {
    folder,
    writ,
    ask,
    async request(asked) {
      const { context } = await ask(asked);
      const denial = { evaluation_id: context.evaluation_id, expires_at: context.access_request.expires_at };
      const { json } = await writ.send('POST', '/access/v1/requests', { ...body(asked), denial });
      return json.task.id as string;
    },
    async report(decisionId, result) {
      const { status } = await writ.send('POST', '/v1/outcomes', { decisionId, status: 'completed', result });
      expect(status).toBe(204);
    },
    async taskOf(agent) {
      const { json } = await writ.send('GET', '/v1/tasks', undefined, { as: 'admin' });
      return json.tasks.find(({ actor }: { actor: string }) => actor === `Agent::"${agent}"`)?.txn;
    },
    server: `${FILES} ${folder}`,
    otherServer: `node ${SERVER} journal.txt`,
    publicKey: idp.publicKey,
    token: idp.token,
    async stop() {
      await writ.stop();
      idp.server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function identityProvider(): Promise<{
  server: Server;
  issuer: string;
  publicKey: object;
  token: () => Promise<string>;
}> {
  const keys = await generateKeyPair('ES256');
  const publicKey = await exportJWK(keys.publicKey);
  const jwk = { ...publicKey, kid: 'k', alg: 'ES256' };
  const server = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let ids = 0;
  const token = (): Promise<string> => {
    ids += 1;
    const jwt = new SignJWT({ sub: 'ana', jti: `t-${ids}` }).setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'JWT' });
    const whole = jwt.setIssuer(issuer).setAudience('https://writ.example').setIssuedAt().setExpirationTime('5m');
    return whole.sign(keys.privateKey);
  };
  return { server, issuer, publicKey, token };
}

/** Writes a file below the folder of a world. */
export const write = (world: World, name: string, text: string): void => writeFileSync(join(world.folder, name), text);
