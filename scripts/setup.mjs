// Makes the checkout ready: installs what the lockfile names when it is not installed, builds what is stale. Says on
// standard error what it does, so that standard output stays the command's own. Needs nothing but Node and npm.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STAMPS = join(ROOT, 'node_modules', '.writ');
const PROJECTS = [
  'packages/cedar',
  'packages/writ',
  'packages/sdk',
  'packages/enforce',
  'examples/support-desk',
  'examples/delegation',
  'examples/orders-api',
  'bench',
];
const FLOOR = [20, 19];
/** The newest that all packages name. */
const KNOWN = 24;

export function setup() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < FLOOR[0] || (major === FLOOR[0] && minor < FLOOR[1])) {
    fail(`Writ needs Node ${FLOOR.join('.')} or newer; this is ${process.versions.node}`);
  }
  const installed = installStamp();
  if (readStamp('installed') !== installed) {
    say(
      'installing packages from the lockfile (a minute or two the first time: SQLite is compiled when no binary fits)',
    );
    // A package that is the last for the floor cannot name the Nodes that came after it (opossum 9).
    const engines = major > KNOWN ? ['--engine-strict=false'] : [];
    run(
      'npm',
      ['ci', '--loglevel=error', '--no-audit', '--no-fund', ...engines],
      'the packages could not be installed',
    );
    writeStamp('installed', installed);
  }
  const built = buildStamp(installed);
  if (readStamp('built') !== built) {
    say('building');
    for (const project of PROJECTS) removeLeftOver(join(ROOT, project));
    removeOutputsWithoutSource(join(ROOT, 'packages', 'writ'), join('cli', 'verbs'));
    run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'], 'the build failed');
    writeStamp('built', built);
  }
}

/** The command line lists this folder: a verb that was moved would be there twice. */
function removeOutputsWithoutSource(project, folder) {
  const outputs = join(project, 'dist', folder);
  if (!existsSync(outputs)) return;
  for (const file of readdirSync(outputs, { recursive: true, encoding: 'utf8' })) {
    const [, stem] = /^(.*?)\.(?:js|d\.ts)(?:\.map)?$/.exec(file) ?? [];
    if (stem !== undefined && !existsSync(join(project, 'src', folder, `${stem}.ts`))) rmSync(join(outputs, file));
  }
}

/** Returns a hash of everything that node_modules depends on: the lockfile, and the Node that native modules were built for. */
function installStamp() {
  const lock = readFileSync(join(ROOT, 'package-lock.json'));
  return createHash('sha256')
    .update(lock)
    .update(process.version)
    .update(process.platform)
    .update(process.arch)
    .digest('hex');
}

/** Returns a hash of everything that the build depends on: the name, size and time of each source file, and whether the output exists. */
function buildStamp(installed) {
  const hash = createHash('sha256').update(installed);
  for (const project of PROJECTS) {
    hash.update(String(existsSync(join(ROOT, project, 'dist'))));
    for (const path of sources(join(ROOT, project))) {
      const { size, mtimeMs } = statSync(path);
      hash.update(`${path} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

/** Removes what was built of sources that are gone: the compiler leaves it there, and a folder of verbs would offer it. */
export function removeLeftOver(project, folder = join(project, 'dist'), path = '') {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = join(folder, entry.name);
    if (entry.isDirectory()) removeLeftOver(project, at, join(path, entry.name));
    const [, base] = /^(.+?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(entry.name) ?? [];
    const isThere = (from) => ['.ts', '.mts', '.js'].some((end) => existsSync(join(project, from, path, base + end)));
    if (base !== undefined && !isThere('src') && !isThere('')) rmSync(at);
  }
}

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'dist' ? [] : sources(path);
    return /\.ts$|tsconfig\.json$/.test(entry.name) ? [path] : [];
  });
}

function run(command, args, failure) {
  // Windows runs npm as a script of the shell.
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], shell });
  if (error !== undefined) fail(`${failure}: ${error.message}`);
  if (status !== 0) fail(`${failure} (see above)`);
}

function readStamp(name) {
  const file = join(STAMPS, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function writeStamp(name, value) {
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, name), value);
}

function say(text) {
  process.stderr.write(`writ: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
