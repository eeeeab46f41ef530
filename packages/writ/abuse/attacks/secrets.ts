import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, importJWK, type JWK, SignJWT } from 'jose';
import { unless } from '../alive.js';
import { type Attack, BOTH, type Held } from '../attack.js';
import { PLAIN } from '../bundles.js';
import { ran } from '../processes.js';
import type { Service } from '../service.js';
import { isBelieved, issue } from '../tokens.js';
import type { World } from '../world.js';

/** F3: the store is read by others, and a copy of it signs. */

/** Files below a folder, and the folders, that others than their owner can use. */
function openTo(folder: string): string[] {
  const paths = [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))];
  return paths.filter((path) => (statSync(path).mode & 0o077) !== 0).map((path) => path.slice(folder.length) || '.');
}

async function unchangedFolder(world: World): Promise<Held> {
  const service = await world.plain();
  const { code } = await ran(process.execPath, [
    '-e',
    `require('fs').readFileSync(${JSON.stringify(service.keyFile())})`,
  ]);
  return unless(code === 0, () => 'the owner cannot read a key');
}

const modes: Attack = {
  kind: 'files of the store',
  name: 'files and folders that others can open',
  finding: 'F3',
  sample: true,
  async attack(world) {
    const open = openTo((await world.plain()).options.data);
    return unless(open.length === 0, () => `open to others: ${open.join(', ')}`);
  },
  twin: unchangedFolder,
};

const stranger: Attack = {
  kind: 'files of the store',
  name: 'another user of the machine reads the store',
  finding: 'F3',
  async attack(world) {
    // As root alone one can be another user; otherwise the modes say it.
    if (process.getuid?.() !== 0) return modes.attack(world);
    const { data } = (await world.plain()).options;
    const seen: string[] = [];
    for (const name of readdirSync(data).filter((one) => statSync(join(data, one)).isFile())) {
      const as = ['--reuid=65534', '--regid=65534', '--clear-groups', 'head', '-c', '1', join(data, name)];
      if ((await ran('setpriv', as)).code === 0) seen.push(name);
    }
    return unless(seen.length === 0, () => `read as nobody: ${seen.join(', ')}`);
  },
  twin: unchangedFolder,
};

const mended: Attack = {
  kind: 'files of the store',
  name: 'a folder of before, open to all, stays open',
  finding: 'F3',
  seconds: 90,
  async attack(world) {
    const service = await world.fresh();
    await service.stop();
    const { data } = service.options;
    chmodSync(data, 0o755);
    for (const name of readdirSync(data))
      chmodSync(join(data, name), statSync(join(data, name)).isFile() ? 0o644 : 0o755);
    const again = await world.startsAgain(service);
    const open = openTo(data);
    return unless(again === undefined || open.length === 0, () => `open to others after a start: ${open.join(', ')}`);
  },
  twin: unchangedFolder,
};

interface Row {
  readonly id: string;
  readonly value: string;
}

/** The secrets of each table; bytes in hexadecimal. */
const QUERIES: Readonly<Record<string, readonly [sqlite: string, postgres?: string]>> = {
  signing_keys: ['select kid as id, jwk as value from signing_keys'],
  secrets: ['select name as id, value from secrets'],
  person_keys: [
    'select id, lower(hex(key)) as value from person_keys',
    "select id, encode(key, 'hex') as value from person_keys",
  ],
};

async function rowsOf(world: World, { options }: Service, table: string): Promise<readonly Row[]> {
  const { store, data } = options;
  const [sqlite, postgres = sqlite] = QUERIES[table] as [string, string?];
  if (store !== undefined) return (await world.postgres.query(store, postgres)) as unknown as Row[];
  const { code, out } = await ran('sqlite3', ['-json', '-readonly', join(data, 'writ.db'), sqlite]);
  if (code !== 0) throw new Error(`the table could not be read: ${out}`);
  return out.trim() === '' ? [] : (JSON.parse(out) as Row[]);
}

async function issued(world: World): Promise<Held> {
  const service = await world.plain();
  const token = await issue(service);
  return unless(
    token !== undefined && (await isBelieved(service, token)),
    () => 'an honest token is not issued, or not believed',
  );
}

const ERASABLE = { ...PLAIN, 'writ.yaml': `${String(PLAIN['writ.yaml'])}record: { erasable: [User] }\n` };

const clear = Object.keys(QUERIES).map(
  (table): Attack => ({
    kind: 'copied store',
    name: `a key or secret of ${table} is in the clear`,
    finding: 'F3',
    stores: BOTH,
    seconds: 90,
    async attack(world) {
      const service = table === 'person_keys' ? await world.fresh(ERASABLE) : await world.plain();
      await issue(service);
      await service.ask();
      const rows = await rowsOf(world, service, table);
      if (rows.length === 0) return 'the table is empty, so that nothing was shown';
      // A private JWK, or the 32 bytes of a secret.
      const found = rows.find(({ value }) => /"d":"|^(?:[0-9a-f]{64}|[\w+/-]{43}=?)$/.test(value));
      return unless(found === undefined, () => `that of ${found?.id} can be read`);
    },
    twin: issued,
  }),
);

/** Signs the claims of an honest token again, with each private key of ES256 that is in the rows in the clear. */
async function forgedFrom(rows: readonly Row[], token: string): Promise<string[]> {
  const keys = rows.flatMap(({ id, value }) => {
    const jwk = value.startsWith('{') ? (JSON.parse(value) as JWK) : {};
    return jwk.kty === 'EC' && jwk.d !== undefined ? [{ kid: id, jwk }] : [];
  });
  return Promise.all(
    keys.map(async ({ kid, jwk }) => {
      const header = { ...decodeProtectedHeader(token), alg: 'ES256', kid };
      const claims = { ...decodeJwt(token), jti: `forged-${Math.random()}` };
      return new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(jwk, 'ES256'));
    }),
  );
}

const copied: Attack = {
  kind: 'copied store',
  name: 'the rows of a copied database sign tokens that are believed',
  finding: 'F3',
  stores: BOTH,
  async attack(world) {
    const service = await world.plain();
    const token = (await issue(service)) ?? '';
    const forged = await forgedFrom(await rowsOf(world, service, 'signing_keys'), token);
    const believed = await Promise.all(forged.map((one) => isBelieved(service, one)));
    return unless(!believed.includes(true), () => 'a token that was signed with a row of the copy is believed');
  },
  twin: issued,
};

export const SECRETS: readonly Attack[] = [modes, stranger, mended, ...clear, copied];
