import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Returns the URLs of all modules that a process has loaded after an import. */
function loadedBy(module: string): string[] {
  const hook = `
import { writeSync } from 'node:fs';
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  writeSync(1, found.url + '\\n');
  return found;
}`;
  const program = `
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));
await import(${JSON.stringify(module)});
// Modules in CommonJS can load others that no hook sees.
const { createRequire } = await import('node:module');
for (const file of Object.keys(createRequire(import.meta.url).cache)) console.log(new URL('file://' + file).href);
process.exit();
`;
  // In the package, so that it finds what that may import.
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { cwd, encoding: 'utf8' });
  return [...new Set(said.trim().split('\n'))];
}

const packagesIn = (urls: readonly string[]): string[] => [
  ...new Set(urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [])),
];
const roomsIn = (urls: readonly string[]): string[] => [
  ...new Set(urls.flatMap((url) => /\/packages\/writ\/dist\/(\w+)\//.exec(url)?.[1] ?? [])),
];
const DATABASES = ['kysely', 'pg', 'better-sqlite3', 'better-sqlite3-napi', 'libpg-query', 'unbash'];

test('writ guard loads neither a database nor the service', () => {
  const loaded = loadedBy('./dist/cli/guard.js');
  const packages = packagesIn(loaded);
  // Otherwise nothing was seen.
  expect(packages).toEqual(expect.arrayContaining(['undici', '@modelcontextprotocol/server', 'json-p3']));
  expect(packages.filter((name) => DATABASES.includes(name))).toEqual([]);
  const rooms = ['bundle', 'cli', 'enforce', 'ledger', 'lib', 'programs', 'store'];
  expect(roomsIn(loaded).filter((room) => !rooms.includes(room))).toEqual([]);
  expect(loaded.filter((url) => url.includes('/dist/store/')).map((url) => url.split('/').at(-1))).toEqual([
    'files.js',
  ]);
});

test('writ enforce http loads neither a database nor the service, and no face but its own', () => {
  const loaded = loadedBy('./dist/cli/enforce-http/enforce-http.js');
  const packages = packagesIn(loaded);
  expect(packages).toEqual(expect.arrayContaining(['undici', 'pino', 'yaml']));
  const others = [...DATABASES, '@modelcontextprotocol/server', '@grpc/grpc-js'];
  expect(packages.filter((name) => others.includes(name))).toEqual([]);
  const rooms = ['bundle', 'cli', 'enforce', 'ledger', 'lib', 'programs', 'store'];
  expect(roomsIn(loaded).filter((room) => !rooms.includes(room))).toEqual([]);
  expect(loaded.filter((url) => url.includes('/dist/store/')).map((url) => url.split('/').at(-1))).toEqual([
    'files.js',
  ]);
});

test('an enforcement point of its own loads nothing of writ', () => {
  const loaded = ['@writ/enforce', '@writ/enforce/attempts', '@writ/sdk/client'].flatMap(loadedBy);
  expect(packagesIn(loaded)).toEqual(expect.arrayContaining(['undici', 'json-p3', 'ulid']));
  expect(packagesIn(loaded).filter((name) => DATABASES.includes(name))).toEqual([]);
  expect(roomsIn(loaded)).toEqual([]);
});
