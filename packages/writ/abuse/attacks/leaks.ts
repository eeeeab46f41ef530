import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../alive.js';
import type { Attack, Held } from '../attack.js';
import { flowFiles, PLAIN } from '../bundles.js';
import { httpServer } from '../http-server.js';
import { HOSTILE, type World } from '../world.js';

/** F18: credentials and secrets get into the record, the log or an answer. */

const TOKEN = 'tok-9f2c7a41d8e3b650';

/** Asks each server to repeat its credential; then looks at the answer, the record, the log and the files. */
async function repeated(
  world: World,
  files: Record<string, string | Uint8Array>,
  ways: readonly string[],
): Promise<Held> {
  const service = await world.fresh(files, { env: { ABUSE_TOKEN: TOKEN } });
  const client = world.client(service);
  const answers: string[] = [];
  for (const way of ways) answers.push((await client.call('leak', { way })).text);
  if (!answers.some((text) => /refused|sent|leak (?:was|failed)/.test(text)))
    return `the server was not asked: ${answers[0]}`;
  const log = await service.send('GET', '/v1/log?limit=500', undefined, { as: 'admin' });
  const { data } = service.options;
  // The last good bundle is the bundle, with all that its author wrote into it.
  const kept = readdirSync(data).filter((name) => name !== 'last-good.json' && statSync(join(data, name)).isFile());
  const places: readonly [string, string][] = [
    ['the answer', answers.join('\n')],
    ['the record', log.text],
    ['the log of the service', service.output],
    ...kept.map((name): [string, string] => [name, readFileSync(join(data, name), 'latin1')]),
  ];
  const found = places.filter(([, text]) => text.includes(TOKEN)).map(([place]) => place);
  return unless(found.length === 0, () => `the credential is in ${found.join(', ')}`);
}

async function honestLeak(world: World): Promise<Held> {
  const service = await world.flow();
  const said = await world.client(service).call('say', { text: 'tok-of-nobody' });
  return unless(said.text.includes('tok-of-nobody'), () => `a text that is no credential was struck: ${said.text}`);
}

function leaking(server: string): Record<string, string | Uint8Array> {
  const files = { ...flowFiles(HOSTILE) };
  return { ...files, 'writ.yaml': String(files['writ.yaml']).replace(/hostile: \{.*\}(?= \})/, () => server) };
}

const WAYS = ['error', 'error-data', 'error-params', 'isError', 'text', 'member', 'meta'];

const environment: Attack = {
  kind: 'credentials of servers',
  name: 'a server repeats a variable of its environment, in seven ways',
  finding: 'F18',
  seconds: 90,
  attack: (world) =>
    repeated(
      world,
      leaking(
        `hostile: { command: node, args: ['${HOSTILE}', '\${data}/journal.txt', leak], env: { API_TOKEN: '${TOKEN}' } }`,
      ),
      WAYS,
    ),
  twin: honestLeak,
};

const HTTP_WAYS: Readonly<Record<string, (authorization: string, id: unknown) => [number, string]>> = {
  'in a JSON-RPC error': (authorization, id) => [
    200,
    JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32_000, message: `refused: ${authorization}` } }),
  ],
  'in a page with status 500': (authorization) => [500, `<h1>upstream refused ${authorization}</h1>`],
  'in the text of a result': (authorization, id) => [
    200,
    JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: `sent ${authorization}` }] } }),
  ],
};

const headers = Object.entries(HTTP_WAYS).map(
  ([what, respond]): Attack => ({
    kind: 'credentials of servers',
    name: `a server repeats its Authorization header ${what}`,
    finding: 'F18',
    seconds: 90,
    async attack(world) {
      const url = await httpServer(world, ({ headers: { authorization }, id, method }) =>
        method === 'tools/call' ? respond(String(authorization), id) : undefined,
      );
      const bearer = "headers: { Authorization: 'Bearer ${env:ABUSE_TOKEN}' }";
      return repeated(world, leaking(`hostile: { url: '${url}', ${bearer} }`), ['text']);
    },
    twin: honestLeak,
  }),
);

const NAMES: Readonly<Record<string, string>> = {
  auth: 'n4v9-auth-x81',
  bearer: 'n4v9-bearer-x82',
  jwt: 'n4v9-jwt-x83',
  connection_string: 'n4v9-conn-x84',
  connectionString: 'n4v9-conn-x85',
  database_url: 'n4v9-url-x86',
  session_key: 'n4v9-sess-x87',
  passphrase: 'n4v9-phrase-x88',
  password: 'n4v9-pass-x89',
};
const FORMS: Readonly<Record<string, string>> = {
  dsn: 'postgres://ana:n4v9pwd90@db.example/x',
  sent: 'Bearer n4v9bearer91n4v9bearer91n4v9',
  key: 'AKIAQ7RZ3M5XW2LN8YPT',
  signed: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJuNHY5In0.c2lnbmF0dXJlLW40djktOTI',
  model: 'sk-proj-n4v9n4v9n4v9n4v9n4v9n4v9n4v9n4v9',
};
const secretFiles = {
  ...PLAIN,
  'schema.cedarschema': String(PLAIN['schema.cedarschema']).replace(
    'input: { note?: String }',
    `input: { note?: String, ${[...Object.keys(NAMES), ...Object.keys(FORMS)].map((name) => `${name}?: String`).join(', ')} }`,
  ),
};

const named = (
  [
    ['by name', NAMES],
    ['by form', FORMS],
  ] as const
).map(
  ([what, values]): Attack => ({
    kind: 'secrets in the record',
    name: `secrets in arguments, ${what}`,
    finding: 'secret-names',
    seconds: 90,
    async attack(world) {
      const service = await world.fresh(secretFiles);
      const found: string[] = [];
      for (const [name, value] of Object.entries(values)) {
        const asked = await service.ask({ action: 'keep', context: { input: { [name]: value } } });
        const id = asked.headers.get('x-decision-id');
        const { text } = await service.send('GET', `/v1/decisions/${id}`, undefined, { as: 'admin' });
        const secret = name === 'dsn' ? 'n4v9pwd90' : value.replace(/^Bearer /, '');
        if (text.includes(secret)) found.push(name);
      }
      return unless(found.length === 0, () => `in the clear: ${found.join(', ')}`);
    },
    async twin(world) {
      const service = await world.plain();
      const asked = await service.ask({ action: 'keep', context: { input: { note: 'authorship of the book' } } });
      const id = asked.headers.get('x-decision-id');
      const { text } = await service.send('GET', `/v1/decisions/${id}`, undefined, { as: 'admin' });
      return unless(text.includes('authorship of the book'), () => 'an ordinary note cannot be read in the record');
    },
  }),
);

const ERASABLE = { ...PLAIN, 'writ.yaml': `${String(PLAIN['writ.yaml'])}record: { erasable: [User] }\n` };

async function erasing(world: World, isErased: boolean): Promise<{ log: string; files: string }> {
  const service = await world.fresh(ERASABLE);
  const id = (await service.ask({ user: 'berta' })).headers.get('x-decision-id');
  const error = 'no row for berta with the card of n4v9error';
  await service.send('POST', '/v1/outcomes', { decisionId: id, status: 'failed', error });
  if (isErased) {
    const to = ['--service', service.url, '--key-file', service.keyFile('admin')];
    const { code, out } = await world.writ('log', 'erase', 'User::"berta"', '--reason', 'asked for it', ...to);
    if (code !== 0) throw new Error(`writ log erase: ${out}`);
  }
  const log = (await service.send('GET', '/v1/log?limit=500', undefined, { as: 'admin' })).text;
  await service.stop();
  const { data } = service.options;
  const names = ['log.journal', 'writ.db', 'writ.db-wal'].filter((name) => existsSync(join(data, name)));
  return { log, files: names.map((name) => readFileSync(join(data, name), 'latin1')).join('\n') };
}

const erased: Attack = {
  kind: 'secrets in the record',
  name: 'the error of an outcome is read after its person was erased',
  finding: 'F18',
  seconds: 120,
  async attack(world) {
    const { log, files } = await erasing(world, true);
    if (log.includes('n4v9error')) return '/v1/log still has it';
    return unless(!files.includes('n4v9error'), () => 'the files of the store still have it');
  },
  async twin(world) {
    const { log } = await erasing(world, false);
    return unless(log.includes('n4v9error'), () => 'the error of an outcome of nobody erased cannot be read');
  },
};

export const LEAKS: readonly Attack[] = [environment, ...headers, ...named, erased];
