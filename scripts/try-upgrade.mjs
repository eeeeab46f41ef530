// npm run try-upgrade -- COMMIT [--packages-here]: makes the data of an earlier version with that version, from its commit, upgrades them
// with this one, and goes back. It installs and builds the earlier version in an empty folder, which takes minutes; with
// --packages-here it builds it with the packages of this checkout, which is for a commit that has the same.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, setup } from './setup.mjs';

const READY_MS = 120_000;
const BUNDLE = {
  'writ.yaml': 'name: upgrade',
  'schema.cedarschema': 'entity User, Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'all.cedar': '@id("all") permit (principal, action, resource);',
};

const [commit, here] = process.argv.slice(2);
if (commit === undefined || !/^[\w.~^/-]+$/.test(commit)) {
  console.error('name the commit of an earlier version');
  process.exit(2);
}
setup();
const work = mkdtempSync(join(tmpdir(), 'writ-upgrade-'));
const [data, backup, bundle] = ['data', 'backup', 'bundle'].map((name) => join(work, name));
const NOW = join(ROOT, 'packages/writ/bin/writ.js');
let passed = 0;
try {
  mkdirSync(join(bundle, 'policies'), { recursive: true });
  for (const [name, text] of Object.entries(BUNDLE))
    writeFileSync(join(bundle, name.endsWith('.cedar') ? 'policies' : '', name), text);
  const before = built();

  const made = await withService(before, data, async (service) => {
    const decisions = [];
    for (let i = 0; i < 50; i += 1) decisions.push(await service.decides('ana'));
    await service.revokes('eve');
    check(
      'the earlier version decides, and revokes',
      decisions.every(({ decision }) => decision) && !(await service.decides('eve')).decision,
    );
    return decisions.map(({ id }) => id);
  });
  check('the store needs an upgrade', run(NOW, ['data', 'upgrade', '--check', '--data', data], 1).includes('changes'));
  run(NOW, ['data', 'upgrade', '--data', data, '--backup', backup]);
  check('it is up to date', run(NOW, ['data', 'upgrade', '--check', '--data', data]).includes('up to date'));
  run(NOW, ['log', 'verify', '--data', data, '--state']);
  check('the log and the tables are verified', true);
  await withService(NOW, data, async (service) => {
    check('a decision of before is explained', run(NOW, ['explain', made[7], '--data', data]).includes('read'));
    check('the revocation holds', !(await service.decides('eve')).decision && (await service.decides('ana')).decision);
  });
  check(
    'the earlier version refuses the store',
    spawnSync(process.execPath, [before, ...startArgs(data)]).status !== 0,
  );
  // A backup is a data folder without its keys: a version that has no `writ data restore` starts on a copy of it.
  const back = join(work, 'back');
  cpSync(backup, back, { recursive: true });
  cpSync(join(data, 'keys'), join(back, 'keys'), { recursive: true });
  await withService(before, back, async (service) =>
    check(
      'it continues the backup of before',
      !(await service.decides('eve')).decision && (await service.decides('ana')).decision,
    ),
  );
  run(NOW, ['data', 'restore', backup, '--keys', join(data, 'keys'), '--data', join(work, 'restored')]);
  await withService(NOW, join(work, 'restored'), async (service) =>
    check('this version restores it, and upgrades it', !(await service.decides('eve')).decision),
  );
  console.log(`${passed} passed, 0 failed`);
} catch (error) {
  console.error(error.message);
  console.log(`${passed} passed, 1 failed`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Returns the command of the earlier version. */
function built() {
  const folder = join(work, 'before');
  mkdirSync(folder);
  console.error(`writ: building ${commit}`);
  const { stdout, status } = spawnSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`there is no commit ${commit}`);
  spawnSync('tar', ['-x', '-C', folder], { input: stdout });
  const install =
    here === '--packages-here' ? ['cp', '-a', join(ROOT, 'node_modules'), folder] : ['npm', 'ci', '--loglevel=error'];
  for (const [command, ...args] of [install, ['npx', 'tsc', '-b', 'packages/writ']])
    if (spawnSync(command, args, { cwd: folder, stdio: ['ignore', 2, 2] }).status !== 0)
      throw new Error(`${commit} could not be built: ${command} ${args.join(' ')}`);
  return join(folder, 'packages/writ/bin/writ.js');
}

function startArgs(folder) {
  return ['start', '--bundle', bundle, '--data', folder, '--port', '0', '--gateway-port', '0'];
}

/** Runs a service of a version while something is done with it. */
async function withService(bin, folder, use) {
  const child = spawn(process.execPath, [bin, ...startArgs(folder)], { stdio: ['ignore', 'pipe', 2] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const url = await new Promise((resolve, reject) => {
      let said = '';
      const late = setTimeout(() => reject(new Error('the service did not start')), READY_MS);
      child.once('exit', () => reject(new Error(`the service ended: ${said}`)));
      child.stdout.on('data', (piece) => {
        said += String(piece);
        const [, found] = /service\s+(http\S+)/.exec(said) ?? [];
        if (found === undefined) return;
        clearTimeout(late);
        resolve(found);
      });
    });
    return await use(clientOf(url, folder));
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

function clientOf(url, folder) {
  const send = (path, caller, body) =>
    fetch(url + path, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${readFileSync(join(folder, 'keys', `${caller}.key`), 'utf8').trim()}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify(body),
    });
  return {
    async decides(user) {
      const request = {
        subject: { type: 'User', id: user },
        action: { name: 'read' },
        resource: { type: 'Doc', id: '1' },
      };
      const answer = await send('/access/v1/evaluation', 'default', request);
      return { id: answer.headers.get('x-decision-id'), decision: (await answer.json()).decision };
    },
    async revokes(user) {
      const answer = await send('/v1/revocations', 'admin', {
        kind: 'identity',
        target: `User::"${user}"`,
        reason: 'left',
      });
      if (answer.status !== 201) throw new Error(`not revoked: ${answer.status}`);
    },
  };
}

function run(bin, args, expected = 0) {
  const done = spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (done.status !== expected)
    throw new Error(`writ ${args.join(' ')} ended with ${done.status}:\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

function check(what, holds) {
  if (!holds) throw new Error(`not so: ${what}`);
  passed += 1;
  console.error(`writ: ok ${what}`);
}
