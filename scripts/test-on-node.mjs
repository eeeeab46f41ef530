// node scripts/test-on-node.mjs VERSION [npm test arguments]: the tests of what is committed, on a fresh clone, under another Node (24, 22.23.3),
// which comes from the npm registry. Nothing of this checkout is touched.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ROOT } from './setup.mjs';

const [version, ...args] = process.argv.slice(2);
if (version === undefined || !/^[0-9.]+$/.test(version)) {
  console.error('say which Node, as 24 or 22.23.3');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), `writ-node-${version}-`));
// PostgreSQL runs as a user of its own where we are root.
chmodSync(folder, 0o755);
const [clone, node] = [join(folder, 'clone'), join(folder, 'node')];
try {
  const name = `node-${process.platform}-${process.arch}`;
  mkdirSync(node);
  writeFileSync(join(node, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--loglevel=error', '--no-audit', '--no-fund', `${name}@${version}`], node);
  run('git', ['clone', '--quiet', ROOT, clone], folder);
  const home = join(node, 'node_modules', name);
  const env = { ...process.env, PATH: `${join(home, 'bin')}${delimiter}${process.env.PATH}` };
  // Native modules are built against its own headers, when it came with them.
  if (existsSync(join(home, 'include', 'node'))) env.npm_config_nodedir = home;
  const { status } = spawnSync('npm', ['test', ...args], { cwd: clone, stdio: 'inherit', env });
  process.exitCode = status ?? 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(command, words, cwd) {
  const { status, error } = spawnSync(command, words, { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0)
    throw new Error(`${command} ${words.join(' ')} failed${error === undefined ? '' : `: ${error.message}`}`);
}
