import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { unless } from '../alive.js';
import { type Attack, BOTH, type Held } from '../attack.js';
import type { Reply, Service } from '../service.js';
import { exchange, isBelieved, issue } from '../tokens.js';
import type { World } from '../world.js';

/** Attacks that Writ withstood before, and must withstand: on tokens, approvals, and races for one budget or one proof. */

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

async function honestToken(world: World): Promise<Held> {
  const service = await world.plain();
  const token = await issue(service);
  return unless(token !== undefined && (await isBelieved(service, token)), () => 'an honest token is not believed');
}

const now = (): number => Math.floor(Date.now() / 1_000);
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Makes another token of an honest one. */
const FORGED: Readonly<Record<string, (token: string, own: Keys, service: Service) => Promise<string>>> = {
  'alg none': async (token) => new UnsecuredJWT(decodeJwt(token)).encode(),
  'alg none, with the header of the honest one': async (token) => {
    const [, claims] = token.split('.');
    return `${encode({ ...decodeProtectedHeader(token), alg: 'none' })}.${claims}.`;
  },
  'a key of the attacker': (token, { privateKey }) => signed(decodeJwt(token), token, privateKey, {}),
  'a key of the attacker in its header': async (token, { privateKey, publicKey }) =>
    signed(decodeJwt(token), token, privateKey, { jwk: await exportJWK(publicKey) }),
  'the public key as a shared secret': async (token, _own, service) => {
    const { text } = await service.send('GET', '/.well-known/jwks.json', undefined, { as: null });
    const header = { ...decodeProtectedHeader(token), alg: 'HS256' };
    return new SignJWT(decodeJwt(token)).setProtectedHeader(header).sign(createHash('sha256').update(text).digest());
  },
  'another subject, and the old signature': async (token) => altered(token, { sub: 'User::"lena"' }),
  'a later end, and the old signature': async (token) => altered(token, { exp: now() + 86_400 }),
  'a wider scope, and the old signature': async (token) => altered(token, { scope: 'read pay' }),
  'another audience, and the old signature': async (token) => altered(token, { aud: 'other.example' }),
  'no signature': async (token) => `${token.slice(0, token.lastIndexOf('.'))}.`,
  'a signature of zeros': async (token) => `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}`,
  'an access token for a transaction token': async (_token, _own, service) => service.key('bot-for-ana'),
};

async function signed(claims: object, token: string, key: Keys['privateKey'], more: object): Promise<string> {
  const header = { ...decodeProtectedHeader(token), alg: 'ES256', ...more };
  return new SignJWT({ ...claims }).setProtectedHeader(header).sign(key);
}

function altered(token: string, more: object): string {
  const [header, , signature] = token.split('.');
  return `${header}.${encode({ ...decodeJwt(token), ...more })}.${signature}`;
}

const tokens = Object.entries(FORGED).map(
  ([what, forge]): Attack => ({
    kind: 'tokens',
    name: `a token with ${what}`,
    finding: 'held',
    stores: what === 'alg none' ? BOTH : ['sqlite'],
    sample: true,
    async attack(world) {
      const service = await world.plain();
      const token = (await issue(service)) ?? '';
      const forged = await forge(token, await generateKeyPair('ES256', { extractable: true }), service);
      return unless(!(await isBelieved(service, forged)), () => 'it is believed');
    },
    twin: honestToken,
  }),
);

const exchanged: Attack = {
  kind: 'tokens',
  name: 'a wider scope, another audience or a made-up subject at the exchange',
  finding: 'held',
  async attack(world) {
    const service = await world.plain();
    const forms = [
      { scope: 'read pay' },
      { scope: 'pay' },
      { audience: 'other.example' },
      { subject_token: `writ_${'A'.repeat(43)}` },
    ];
    const replies = await Promise.all(forms.map((form) => exchange(service, form)));
    const issued = forms.filter((_, i) => replies[i]?.json?.access_token !== undefined);
    return unless(issued.length === 0, () => `issued for ${JSON.stringify(issued)}`);
  },
  twin: honestToken,
};

const TOOL = 'https://tools.example/orders';

async function proofOf(keys: Keys, htu: string, token?: string): Promise<string> {
  const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
  const jwk = await exportJWK(keys.publicKey);
  return new SignJWT({ jti: `j${Math.random()}`, htm: 'POST', htu, iat: now(), ...ath })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
    .sign(keys.privateKey);
}

/** Returns how many decisions at once one bound token permits; each has a proof of its own, or all have the same. */
async function proved(world: World, times: number, sameProof: boolean): Promise<number> {
  const service = await world.plain();
  const keys = await generateKeyPair('ES256', { extractable: true });
  const token = (await issue(service, await proofOf(keys, `${service.url}/token`))) ?? '';
  const one = await proofOf(keys, TOOL, token);
  const proofs = await Promise.all(Array.from({ length: times }, () => (sameProof ? one : proofOf(keys, TOOL, token))));
  const permits = proofs.map((dpop) => isBelieved(service, token, { proof: { dpop, htm: 'POST', htu: TOOL } }));
  return (await Promise.all(permits)).filter(Boolean).length;
}

const proofs: Attack = {
  kind: 'races',
  name: 'one proof of possession, 30 times at once',
  finding: 'held',
  stores: BOTH,
  sample: true,
  async attack(world) {
    const times = await proved(world, 30, true);
    return unless(times <= 1, () => `${times} of 30 were permitted`);
  },
  async twin(world) {
    const times = await proved(world, 5, false);
    return unless(times === 5, () => `${times} of 5 with proofs of their own were permitted`);
  },
};

const budget: Attack = {
  kind: 'races',
  name: '50 payments at once, singly and in batches, for a budget of ten',
  finding: 'held',
  stores: BOTH,
  sample: true,
  async attack(world) {
    const service = await world.plain();
    const user = `u${world.task(service)}`;
    const single = (): Promise<number> =>
      service.permits({ user, action: 'pay', context: { input: { amount: 10 } } }).then((yes) => (yes ? 1 : 0));
    const [subject, resource] = [
      { type: 'User', id: user },
      { type: 'Doc', id: '1' },
    ];
    const evaluation = { subject, action: { name: 'pay' }, resource, context: { input: { amount: 10 } } };
    const batch = async (): Promise<number> => {
      const evaluations = Array.from({ length: 5 }, () => evaluation);
      const { json } = await service.send('POST', '/access/v1/evaluations', { evaluations });
      return (json?.evaluations ?? []).filter(({ decision }: { decision: boolean }) => decision).length;
    };
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 5 === 0 ? batch() : single())));
    const permitted = all.reduce((sum, count) => sum + count, 0);
    return unless(permitted <= 10, () => `${permitted} of 10 were permitted`);
  },
  async twin(world) {
    const service = await world.plain();
    const user = `u${world.task(service)}`;
    const yes = await Promise.all(
      Array.from({ length: 10 }, () => service.permits({ user, action: 'pay', context: { input: { amount: 10 } } })),
    );
    return unless(yes.every(Boolean), () => `${yes.filter(Boolean).length} of 10 within the budget were permitted`);
  },
};

/** A wire that needs an approval, and a request for it. */
async function asked(
  world: World,
  user: string,
): Promise<{ service: Service; body: Record<string, object>; id: string }> {
  const service = await world.plain();
  const body = {
    subject: { type: 'User', id: user },
    action: { name: 'wire' },
    resource: { type: 'Doc', id: '1' },
    context: { task: world.task(service), input: { amount: 5 } },
  };
  const { json } = await service.send('POST', '/access/v1/evaluation', body);
  const denial = { evaluation_id: json?.context?.evaluation_id, expires_at: json?.context?.access_request?.expires_at };
  const requested = await service.send('POST', '/access/v1/requests', { ...body, denial });
  return { service, body, id: requested.json?.task?.id };
}

const approve = (service: Service, id: string, as: string): Promise<Reply> =>
  service.send('POST', `/v1/access-requests/${id}/approve`, { reason: 'fine', as: `User::"${as}"` }, { as: 'admin' });

async function permits(service: Service, body: object): Promise<boolean> {
  return (await service.send('POST', '/access/v1/evaluation', body)).json?.decision === true;
}

async function approvedOnce(world: World): Promise<Held> {
  const { service, body, id } = await asked(world, 'ana');
  const { status, text } = await approve(service, id, 'lena');
  return unless(await permits(service, body), () => `what lena approved (${status}: ${text.slice(0, 200)}) is denied`);
}

const APPROVALS: Readonly<Record<string, (world: World) => Promise<boolean>>> = {
  'by who asked': async (world) => {
    const { service, body, id } = await asked(world, 'lena');
    await approve(service, id, 'lena');
    return permits(service, body);
  },
  'by who may not': async (world) => {
    const { service, body, id } = await asked(world, 'ana');
    await approve(service, id, 'ben');
    return permits(service, body);
  },
  'for other arguments': async (world) => {
    const { service, body, id } = await asked(world, 'ana');
    await approve(service, id, 'lena');
    return permits(service, { ...body, context: { ...body.context, input: { amount: 6 } } });
  },
  'for another resource': async (world) => {
    const { service, body, id } = await asked(world, 'ana');
    await approve(service, id, 'lena');
    return permits(service, { ...body, resource: { type: 'Doc', id: '2' } });
  },
  'for another task': async (world) => {
    const { service, body, id } = await asked(world, 'ana');
    await approve(service, id, 'lena');
    return permits(service, { ...body, context: { ...body.context, task: 'another' } });
  },
  'a second time': async (world) => {
    const { service, body, id } = await asked(world, 'ana');
    await approve(service, id, 'lena');
    await permits(service, body);
    return permits(service, body);
  },
  'twice in 30 at once': async (world) => {
    const { service, body, id } = await asked(world, 'ana');
    await approve(service, id, 'lena');
    const all = await Promise.all(Array.from({ length: 30 }, () => permits(service, body)));
    return all.filter(Boolean).length > 1;
  },
  'by a forged link': async (world) => {
    const { service, body } = await asked(world, 'ana');
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    await service.send('POST', `/approve/${'A'.repeat(60)}`, 'verdict=approve&reason=x', { as: null, headers });
    return permits(service, body);
  },
  'with the key of an enforcement point': async (world) => {
    const { service, body, id } = await asked(world, 'ana');
    await service.send('POST', `/v1/access-requests/${id}/approve`, { reason: 'x', as: 'User::"lena"' });
    return permits(service, body);
  },
};

const approvals = Object.entries(APPROVALS).map(
  ([what, gets]): Attack => ({
    kind: 'approvals',
    name: `an approval ${what}`,
    finding: 'held',
    stores: what === 'twice in 30 at once' ? BOTH : ['sqlite'],
    sample: what === 'by who asked',
    attack: async (world) => unless(!(await gets(world)), () => 'it was permitted'),
    twin: approvedOnce,
  }),
);

const folder: Attack = {
  kind: 'two services',
  name: 'a second service on one data folder',
  finding: 'held',
  sample: true,
  async attack(world) {
    const first = await world.plain();
    const other = await world.startsAgain(first);
    return unless(other === undefined && (await first.permits()), () => 'the second started');
  },
  async twin(world) {
    const { permits: honest } = await world.plain().then((one) => ({ permits: one.permits() }));
    return unless(await honest, () => 'the first does not decide');
  },
};

const unknownType: Attack = {
  kind: 'revocations',
  name: 'a revocation of a type that nobody knows looks as if it had worked',
  finding: 'revoke-unknown-type',
  async attack(world) {
    const service = await world.plain();
    const targets = ['agent::"bot"', 'user::"ana"', 'Usr::"ana"', 'USER::"ana"'];
    const statuses = await Promise.all(targets.map((target) => revoke(service, target)));
    return unless(
      statuses.every((status) => status >= 400 && status < 500),
      () => `answered with ${statuses.join(', ')}`,
    );
  },
  async twin(world) {
    const service = await world.plain();
    const status = await revoke(service, 'Agent::"never-seen"');
    return unless(status === 201, () => `the revocation of an agent was answered with ${status}`);
  },
};

async function revoke(service: Service, target: string): Promise<number> {
  const body = { kind: 'identity', target, reason: 'abuse' };
  return (await service.send('POST', '/v1/revocations', body, { as: 'admin' })).status;
}

export const AUTHORITY: readonly Attack[] = [...tokens, exchanged, proofs, budget, ...approvals, folder, unknownType];
