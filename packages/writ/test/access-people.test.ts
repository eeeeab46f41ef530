import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_FILES, accessBundle } from './access-bundle.js';
import { type Running, run } from './running.js';

const ASKED = {
  subject: { type: 'User', id: 'ana' },
  action: { name: 'refund' },
  resource: { type: 'Order', id: '7' },
  context: {
    agent: { type: 'Agent', id: 'bot' },
    task: 't1',
    input: { amount: 500, note: '<script>alert(1)</script>' },
  },
} as const;
type Asked = Record<string, unknown>;

interface Received {
  readonly url: string;
  readonly signature: string;
  readonly body: string;
}

/** The people around an access request: a real SMTP server, webhooks, links, callbacks, access tokens of their own. */
describe('those who are asked', () => {
  const mails: { readonly to: string; readonly text: string }[] = [];
  const received: Received[] = [];
  /** How many calls fail before one is taken. */
  let failing = 1;
  let smtp: SMTPServer;
  let hooks: Server;
  let base: string;
  let writ: Running;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;

  beforeAll(async () => {
    keys = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' };
    hooks = createServer((request: IncomingMessage, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/jwks.json') return response.end(JSON.stringify({ keys: [jwk] }));
        if (failing > 0) {
          failing -= 1;
          return response.writeHead(503).end();
        }
        const signature = String(request.headers['writ-signature']);
        received.push({ url: request.url ?? '', signature, body: Buffer.concat(chunks).toString() });
        return response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => hooks.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}`;
    smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData(stream, session, done) {
        let text = '';
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        stream.on('end', () => {
          for (const { address } of session.envelope.rcptTo) mails.push({ to: address, text });
          done();
        });
      },
    });
    await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
    const port = (smtp.server.address() as AddressInfo).port;
    process.env.WRIT_TEST_HOOK_SECRET = 'hook-secret';
    const bundle = accessBundle({
      'writ.yaml': `
name: people
callers: { chat: { roles: [enforcement-point] } }
tokens: { trustDomain: shop.example }
issuers:
  ${base}:
    audience: https://writ.example
    jwks: ${base}/jwks.json
    type: JWT
    identity: { type: User, id: claims.sub }
`,
      'access.yaml': `
templates:
  lead:
    title: A refund
    ask: ['Group::"leads"', 'User::"ana"']
    escalate: [{ after: 15m, ask: ['Group::"heads"'] }]
    notify: [mail, hook]
    emergency: { for: 5m, notify: [hook] }
  two-eyes:
    schema:
      type: object
      required: [context]
      properties:
        context: { type: object, required: [ticket], properties: { ticket: { type: string, pattern: '^T-[0-9]+$' }, role: { type: string } } }
    catalogs: { /context/role: { type: Role, label: title } }
notify:
  mail: { to: mail, server: 'smtp://127.0.0.1:${port}', from: writ@shop.example }
  hook: { to: webhook, url: '${base}/hook', secret: '\${env:WRIT_TEST_HOOK_SECRET}' }
callbacks: { allow: ['${base}/callbacks/'], secret: callback-secret }
`,
    });
    writ = await run(bundle);
  });
  afterAll(async () => {
    await writ.stop();
    await new Promise<void>((resolve) => smtp.close(() => resolve()));
    hooks.close();
  });

  const submit = async (asked: Asked = ASKED, more: Asked = {}) => {
    const { json } = await writ.send('POST', '/access/v1/evaluation', asked);
    const { evaluation_id, access_request } = json.context;
    const denial = { evaluation_id, expires_at: access_request.expires_at };
    return writ.send('POST', '/access/v1/requests', { ...asked, denial, ...more });
  };
  const decision = async (asked: Asked): Promise<boolean> =>
    (await writ.send('POST', '/access/v1/evaluation', asked)).json.decision;
  const inTask = (task: string) => ({ ...ASKED, context: { ...ASKED.context, task } });
  const mailsOf = (id: string, to: string): string[] =>
    // As it goes over the wire: with soft line ends.
    mails
      .filter((one) => one.to === to)
      .map(({ text }) => text.replace(/=\r\n/g, '').replace(/=3D/g, '='))
      .filter((text) =>
        linkIn(text)?.includes(
          Buffer.from(JSON.stringify([id]))
            .toString('base64url')
            .slice(0, 20),
        ),
      );
  const linkIn = (text: string): string | undefined => /http:\/\/\S+\/approve\/[\w.-]+/.exec(text)?.[0];
  const linkFor = async (id: string, to: string): Promise<string> => {
    await expect.poll(() => mailsOf(id, to).length).toBeGreaterThan(0);
    return linkIn(mailsOf(id, to)[0] as string) as string;
  };

  it('are told by mail and webhook, with who asks for what and why; who asks is not', async () => {
    const { id } = (
      await submit(inTask('told'), { context: { ...inTask('told').context, business_justification: 'broken' } })
    ).json.task;
    const link = await linkFor(id, 'lena@shop.example');
    expect(link).toMatch(new RegExp(`^${writ.url}/approve/`));
    await linkFor(id, 'leo@shop.example');
    expect(mailsOf(id, 'lena@shop.example')[0]).toContain('They say: broken');
    expect(mails.some(({ to }) => to.startsWith('ana'))).toBe(false);
    // The first call failed; it is tried again.
    await expect.poll(() => received.filter(({ body }) => body.includes(id)).length).toBe(1);
    const [{ signature, body }] = received.filter((one) => one.body.includes(id)) as [Received];
    const [, at, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
    expect(mac).toBe(createHmac('sha256', 'hook-secret').update(`${at}.${body}`).digest('hex'));
    expect(JSON.parse(body)).toMatchObject({
      event: 'access.asked',
      request: id,
      asked: ['User::"lena"', 'User::"leo"', 'User::"lena-second-account"'],
      path: ['User::"ana"', 'Agent::"bot"'],
      items: [{ action: 'refund', resource: 'Order::"7"', policies: [{ policy: 'refund-over-100' }] }],
    });
    // Links are for one person: they go to nobody else.
    expect(body).not.toContain('/approve/');
  });

  it('open a link, see the whole chain, and decide once', async () => {
    const asked = inTask('link');
    const { id } = (await submit(asked)).json.task;
    const link = await linkFor(id, 'lena@shop.example');
    const page = await fetch(link);
    const text = await page.text();
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).toContain('A refund over 100 is for a lead to approve');
    expect(text).toContain('Agent::&quot;bot&quot;, on behalf of User::&quot;ana&quot;');
    expect(text).not.toContain('<script>');
    // Whatever opens links changes nothing.
    expect((await fetch(link, { method: 'HEAD' })).status).not.toBe(500);
    expect(await decision(asked)).toBe(false);

    const decide = (to: string, form: Record<string, string>) =>
      fetch(to, { method: 'POST', body: new URLSearchParams(form) });
    expect((await decide(link, { verdict: 'approve', reason: ' ' })).status).toBe(400);
    const changed = link.replace(/\/approve\/./, '/approve/X');
    expect((await decide(changed, { verdict: 'approve', reason: 'x' })).status).toBe(410);
    expect((await decide(`${link.slice(0, -1)}_`, { verdict: 'approve', reason: 'x' })).status).toBe(410);
    expect((await decide(link, { verdict: 'approve', reason: 'x', uses: 'until' })).status).toBe(400);
    expect((await decide(link, { verdict: 'approve', reason: 'seen', uses: 'task' })).status).toBe(200);
    expect(await decision(asked)).toBe(true);
    expect(await decision(inTask('another'))).toBe(false);
    expect((await decide(link, { verdict: 'approve', reason: 'again' })).status).toBe(410);
    expect((await fetch(link)).status).toBe(410);
    // And the one that was sent to another.
    expect((await fetch(await linkFor(id, 'leo@shop.example'))).status).toBe(410);
  });

  it('are asked once about like calls of one task, and decide all of the list that they saw', async () => {
    const [one, two] = [500, 600].map((amount) => {
      const { context, ...rest } = inTask('alike');
      return { ...rest, context: { ...context, input: { ...context.input, amount } } };
    }) as [Asked, Asked];
    const { id } = (await submit(one)).json.task;
    const link = await linkFor(id, 'lena@shop.example');
    const second = (await submit(two)).json.task.id;
    const text = await (await fetch(link)).text();
    expect(text).toContain('{&quot;amount&quot;:500} (this call)');
    expect(text).toContain('{&quot;amount&quot;:600}');
    const list = /name="list" value="([\w-]+)"/.exec(text)?.[1] as string;
    const decide = (form: Record<string, string>) =>
      fetch(link, { method: 'POST', body: new URLSearchParams({ verdict: 'approve', reason: 'seen', ...form }) });
    expect((await decide({ list: 'another' })).status).toBe(410);
    expect([await decision(one), await decision(two)]).toEqual([false, false]);
    expect((await decide({ list })).status).toBe(200);
    expect([await decision(one), await decision(two)]).toEqual([true, true]);
    expect(mailsOf(second, 'lena@shop.example')).toEqual([]);
  });

  it('come with their own access token, and nobody has to vouch for them', async () => {
    const token = (sub: string, audience = 'https://writ.example') =>
      new SignJWT({ sub })
        .setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'JWT' })
        .setIssuer(base)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(keys.privateKey);
    const asked = inTask('token');
    const { id } = (await submit(asked)).json.task;
    const approve = (body: Asked) =>
      writ.send('POST', `/v1/access-requests/${id}/approve`, { reason: 'fine', ...body }, { as: 'chat' });
    expect((await approve({ token: await token('lena', 'https://else.example') })).status).toBe(403);
    expect((await approve({ token: await token('ben') })).status).toBe(403);
    expect((await approve({ token: 'e30.e30.e30' })).status).toBe(403);
    const approved = await approve({ token: await token('lena') });
    expect(approved.json).toMatchObject({ status: 'approved', votes: [{ approver: 'User::"lena"', via: 'api' }] });
    expect(approved.json.votes[0].vouchedBy).toBeUndefined();
    expect(await decision(asked)).toBe(true);
  });

  it('who asked is called back, where that is allowed', async () => {
    const asked = inTask('callback');
    const callback = { endpoint: `${base}/callbacks/gateway`, state: { flow: 7 }, events: ['approved'] };
    const { id } = (await submit(asked, { callback })).json.task;
    const body = { as: 'User::"lena"', reason: 'fine' };
    await writ.send('POST', `/v1/access-requests/${id}/approve`, body, { as: 'admin' });
    const called = () => received.filter(({ url }) => url === '/callbacks/gateway');
    await expect.poll(() => called().length).toBe(1);
    const [{ signature, body: sent }] = called() as [Received];
    const [, at, mac] = /^t=(\d+),v1=(\w+)$/.exec(signature) ?? [];
    expect(mac).toBe(createHmac('sha256', 'callback-secret').update(`${at}.${sent}`).digest('hex'));
    // A notice, and nothing to enforce with.
    expect(JSON.parse(sent)).toEqual({
      state: { flow: 7 },
      task: { id, status: 'approved', status_endpoint: `${writ.url}/access/v1/requests/${id}` },
    });
    for (const endpoint of [
      `${base}/other`,
      `${base}/callbacks/../other`,
      'http://169.254.169.254/latest/meta-data',
      base.replace('127.0.0.1', '127.0.0.1.nip.example'),
      `${base.replace('//', '//user:pass@')}/callbacks/x`,
      'file:///etc/passwd',
    ]) {
      const refused = await submit(inTask('callback-2'), { callback: { endpoint } });
      expect([endpoint, refused.status]).toEqual([endpoint, 400]);
    }
  });

  it('an emergency goes without them, for who may, once, not for long, and with an alarm', async () => {
    const asked = inTask('emergency');
    const emergency = { requested_access: { emergency: true } };
    // Without a reason it is a request like any other.
    expect((await submit(asked, emergency)).json.task.status).toBe('pending');
    const justified = { ...emergency, context: { ...asked.context, business_justification: 'the shop burns' } };
    const broken = await submit(asked, justified);
    expect([broken.status, broken.json.task.status]).toEqual([201, 'approved']);
    const { approval } = broken.json.result;
    expect(Date.parse(approval.approved_until) - Date.parse(approval.approved_at)).toBe(5 * 60_000);
    const permitted = await writ.send('POST', '/access/v1/evaluation', {
      ...asked,
      context: { ...asked.context, approval, detail: 'reasons' },
    });
    expect(permitted.json.decision).toBe(true);
    expect(await decision(asked)).toBe(false);
    const alarm = () => received.map(({ body }) => JSON.parse(body)).find(({ event }) => event === 'access.alarm');
    await expect.poll(alarm).toMatchObject({ emergency: true, justification: 'the shop burns' });
    const { json } = await writ.send('GET', `/v1/decisions/${permitted.json.context.id}`, undefined, { as: 'admin' });
    expect(json.decision.approvals).toMatchObject([{ emergency: true, approvers: [], reason: 'the shop burns' }]);
    expect(json.explanation).toContain('taken in an emergency');
    // Ben is not on call.
    const ben = { ...asked, subject: { type: 'User', id: 'ben' } };
    expect((await submit(ben, justified)).json.task.status).toBe('pending');
  });

  it('a form is asked for, with its catalog, and what does not fit it is refused', async () => {
    const asked = { ...ASKED, action: { name: 'export' } };
    const { json } = await writ.send('POST', '/access/v1/evaluation', asked);
    const { request_schema_url: schema, request_catalogs_url: catalogs } = json.context.access_request;
    const get = async (url: string) => (await writ.send('GET', url.slice(writ.url.length))).json;
    expect(await get(schema)).toMatchObject({ required: ['context'] });
    const { fields } = await get(catalogs);
    const { endpoint } = fields['/context/role'];
    expect(await get(endpoint)).toEqual({
      items: [
        { value: 'auditor', label: 'Auditor' },
        { value: 'buyer', label: 'Buyer' },
      ],
    });
    expect(await get(`${endpoint}&q=buy`)).toEqual({ items: [{ value: 'buyer', label: 'Buyer' }] });
    const first = await get(`${endpoint}&limit=1`);
    expect(first).toMatchObject({ items: [{ value: 'auditor' }], next_cursor: 'auditor' });
    expect(await get(`${endpoint}&limit=1&cursor=${first.next_cursor}`)).toEqual({
      items: [{ value: 'buyer', label: 'Buyer' }],
    });
    const others = await writ.send('GET', endpoint.slice(writ.url.length), undefined, { as: 'chat' });
    expect(others.status).toBe(404);
    const said = (more: Asked) => submit(asked, { context: { ...asked.context, ...more } });
    expect((await said({})).json.detail).toContain('ticket');
    expect((await said({ ticket: 'nothing' })).status).toBe(400);
    expect((await said({ ticket: 'T-1', role: 'nobody' })).json.detail).toContain('not one of its catalog');
    expect((await said({ ticket: 'T-1', role: 'buyer' })).status).toBe(202);
  });
});

it('a bundle that nobody may approve in offers nothing to ask for', async () => {
  const schema = ACCESS_FILES['schema.cedarschema'].replace(/action approve[\s\S]*?;\n/, '');
  const writ = await run(
    accessBundle({
      'schema.cedarschema': schema,
      'policies/approve.cedar':
        '@id("on-call-breaks-glass") permit (principal, action == Action::"break_glass", resource);',
    }),
  );
  const { json } = await writ.send('POST', '/access/v1/evaluation', ASKED);
  expect(json.context.access_request).toBeUndefined();
  const { json: metadata } = await writ.send('GET', '/.well-known/authzen-configuration');
  expect(metadata.access_request_endpoint).toBeUndefined();
  await writ.stop();
});
