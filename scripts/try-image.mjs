// npm run try-image [-- NODE]: runs the steps of deploy/Dockerfile without Docker: from what is committed, in empty folders, as a user
// without rights, each stage with its folder as the root. Then it runs the image, with a root that nobody can write to: the
// health check has to succeed, and a decision has to be made. Linux, as root; Node comes from the npm registry.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stagesOf } from './dockerfile.mjs';
import { ROOT } from './setup.mjs';

const ID = 10_001;
/** Folders that the base image has, and this machine too. */
const BASE = ['usr', 'bin', 'lib', 'lib64', 'sbin', 'etc'];
const CA = '/etc/ssl/certs/ca-certificates.crt';
const READY_MS = 120_000;

/** Asks for a decision of examples/authzen-todo, from inside of the image. */
const ASK = `
const key = require('node:fs').readFileSync('/data/writ/keys/default.key', 'utf8').trim();
fetch('http://127.0.0.1:7465/access/v1/evaluation', {
  method: 'POST',
  headers: { Authorization: 'Bearer ' + key, 'Content-Type': 'application/json' },
  body: JSON.stringify({
    subject: { type: 'user', id: 'CiRmZDA2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs' },
    action: { name: 'can_read_todos' }, resource: { type: 'todo', id: 'todo-1' },
  }),
}).then((answer) => answer.text()).then((text) => process.stdout.write(text));`;

if (process.platform !== 'linux' || process.getuid() !== 0) {
  console.error('this needs Linux, and root: it mounts folders');
  process.exit(2);
}
const work = mkdtempSync(join(tmpdir(), 'writ-image-'));
try {
  chmodSync(work, 0o755);
  const stages = stagesOf(join(ROOT, 'deploy/Dockerfile'));
  const version = process.argv[2] ?? /^node:(\d+)/.exec(stages.at(-1).base)[1];
  const node = nodeOf(version);
  const context = contextOf();
  const roots = new Map();
  for (const [i, stage] of stages.entries()) {
    const root = join(work, `stage-${i}`);
    say(`stage ${stage.name ?? i}, from ${stage.base}`);
    mkdirSync(root);
    const before = roots.get(stage.base);
    if (before !== undefined) copy(before.root, root);
    const built = { root, workdir: before?.workdir ?? '/', env: { ...before?.env }, user: '0:0' };
    for (const step of stage.steps) runStep(step, built, { context, roots, node });
    roots.set(stage.name ?? String(i), built);
    roots.set('', built);
  }
  await runImage(roots.get(''), node);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function runStep(step, built, { context, roots, node }) {
  const { verb, words, text, flags, command } = step;
  const at = (path) => join(built.root, path.startsWith('/') ? path : join(built.workdir, path));
  if (verb === 'WORKDIR') {
    built.workdir = text;
    mkdirSync(at('.'), { recursive: true });
    lchownSync(at('.'), ID, ID);
  } else if (verb === 'COPY') {
    const from = flags.from === undefined ? context : roots.get(flags.from).root;
    const to = words.at(-1);
    for (const source of words.slice(0, -1)) {
      const target = to.endsWith('/') ? join(at(to), source) : at(to);
      mkdirSync(dirname(target), { recursive: true });
      copy(join(from, source), target);
    }
  } else if (verb === 'RUN') {
    say(`  ${text}`);
    const args = ['--mount', ...mounted(built, node, false, ['/bin/sh', '-ec', text])];
    const { status } = spawnSync('unshare', args, { stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error(`the step failed: ${text}`);
  } else if (verb === 'ENV') {
    const [name, ...value] = text.split('=');
    built.env[name] = value.join('=');
  } else if (verb === 'USER') built.user = text;
  else if (verb === 'ENTRYPOINT') built.entrypoint = command;
  else if (verb === 'CMD') built.command = command;
  else if (verb === 'HEALTHCHECK') built.health = command;
  else if (verb === 'VOLUME') built.volume = text;
  else if (verb !== 'EXPOSE') throw new Error(`this does not know how to run ${verb}`);
}

async function runImage(image, node) {
  if (image.user !== `${ID}:${ID}`) throw new Error(`the image runs as ${image.user}`);
  copy(join(ROOT, 'examples/authzen-todo'), join(image.root, 'bundle'));
  say(
    `the image: ${megabytes(join(image.root, image.workdir))} MB beside Node. It runs with a root that nobody can write to`,
  );
  const service = spawn(
    'unshare',
    ['--mount', '--net', ...mounted(image, node, true, image.entrypoint, image.command)],
    {
      stdio: ['ignore', 2, 2],
    },
  );
  const ended = new Promise((resolve) => service.once('exit', resolve));
  const beside = (command) =>
    spawnSync('nsenter', ['-t', String(service.pid), '--mount', '--net', ...entered(image, command)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
  try {
    let seen = beside(image.health);
    for (const until = Date.now() + READY_MS; seen.status !== 0; seen = beside(image.health)) {
      if (Date.now() > until || service.exitCode !== null)
        throw new Error(`the image did not become healthy: ${seen.stdout}${seen.stderr}`);
      await sleep(500);
    }
    say(`  health: ${seen.stdout.trim()}`);
    const { mode, uid } = statSync(join(image.root, 'data/writ'));
    if ((mode & 0o777) !== 0o700 || uid !== ID)
      throw new Error(`the data are of ${uid}, with mode ${mode.toString(8)}`);
    const asked = beside(['node', '-e', ASK]);
    if (asked.stdout !== '{"decision":true}') throw new Error(`no decision: ${asked.stdout}${asked.stderr}`);
    const packs = beside(['/bin/ls', '/writ/packages/writ/packs/guarded-agent']);
    if (packs.status !== 0) throw new Error('the pack of `writ init` is missing');
    if (beside(['/usr/bin/touch', '/writ/x']).status === 0 || beside(['/usr/bin/touch', '/data/x']).status !== 0)
      throw new Error('the root could be written to, or the volume could not');
  } finally {
    service.kill('SIGTERM');
    await ended;
  }
  if (service.exitCode !== 0)
    throw new Error(`the image did not stop in order: ${service.exitCode ?? service.signalCode}`);
  console.log('built, healthy as another user on a read-only root, decided, stopped in order');
}

/** Returns the command that mounts the base image around a stage, and runs another in it. */
function mounted({ root, workdir, env, volume }, node, isSealed, ...command) {
  const script = `
    set -e
    mount --make-rprivate /
    mount --bind "$ROOT" "$ROOT"
    for name in ${BASE.join(' ')}; do
      if [ -e "/$name" ]; then mkdir -p "$ROOT/$name"; mount --rbind "/$name" "$ROOT/$name"; fi
    done
    mkdir -p "$ROOT/proc" "$ROOT/dev" "$ROOT/tmp" "$ROOT/node"
    mount --rbind /proc "$ROOT/proc"
    mount --rbind /dev "$ROOT/dev"
    mount --bind "$NODE_HOME" "$ROOT/node"
    mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
    if [ -n "$VOLUME" ]; then
      mount --bind "$ROOT$VOLUME" "$ROOT$VOLUME"
      mount -o remount,bind,ro "$ROOT"
      ip link set lo up
    fi
    exec "$@"`;
  const values = { ROOT: root, NODE_HOME: node, VOLUME: isSealed ? volume : '' };
  const given = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  return ['env', ...given, '/bin/sh', '-c', script, 'sh', ...entered({ root, workdir, env }, command.flat())];
}

/** Returns the command that runs another with a stage as its root, as another user. */
function entered({ root, workdir, env }, command) {
  const kept = Object.entries(process.env).filter(
    ([name]) => name.endsWith('CA_CERTS') || name.startsWith('npm_config_'),
  );
  const values = {
    ...Object.fromEntries(kept),
    ...env,
    HOME: '/tmp',
    PATH: '/node/bin:/usr/bin:/bin',
    npm_config_cafile: CA,
  };
  const given = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  const user = [`--userspec=${ID}:${ID}`, '--groups='];
  return [
    'chroot',
    ...user,
    root,
    '/usr/bin/setpriv',
    '--no-new-privs',
    '/usr/bin/env',
    '-i',
    '-C',
    workdir,
    ...given,
    ...command,
  ];
}

/** Copies a file or what is in a folder, for the other user. */
function copy(from, to) {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  const own = (path) => {
    lchownSync(path, ID, ID);
    const stat = lstatSync(path);
    if (stat.isDirectory()) for (const name of readdirSync(path)) own(join(path, name));
  };
  own(to);
}

/** Returns a folder with what is committed, without what .dockerignore leaves out. */
function contextOf() {
  const folder = join(work, 'context');
  mkdirSync(folder);
  const archive = spawnSync('git', ['archive', 'HEAD'], { cwd: ROOT, maxBuffer: 2 ** 30 });
  const { status } = spawnSync('tar', ['-x', '-C', folder], { input: archive.stdout });
  if (archive.status !== 0 || status !== 0) throw new Error('what is committed cannot be read');
  return folder;
}

/** Returns the home of a Node of the npm registry, with the npm of this machine. */
function nodeOf(version) {
  const folder = join(work, 'node');
  const name = `node-linux-${process.arch}`;
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  say(`Node ${version}`);
  const { status } = spawnSync('npm', ['install', '--loglevel=error', `${name}@${version}`], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error(`there is no ${name}@${version}`);
  return join(folder, 'node_modules', name);
}

function megabytes(folder) {
  const { stdout } = spawnSync('du', ['-sm', folder], { encoding: 'utf8' });
  return Number.parseInt(stdout, 10);
}

function say(text) {
  console.error(`writ: ${text}`);
}
