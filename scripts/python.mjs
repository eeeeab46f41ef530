// npm run python [-- --frameworks] [-- PYTEST ARGUMENTS]: the tests of packages/python. Installs the package with what its tests
// need into virtual environments below node_modules/.writ/python, with pip, and runs ruff, mypy and pytest there. With
// --frameworks it also installs the frameworks of the adapters, and runs the tests of the adapters with each set of them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PACKAGE = fileURLToPath(new URL('../packages/python', import.meta.url));
const FOLDER = fileURLToPath(new URL('../node_modules/.writ/python', import.meta.url));
const LEAST = [3, 10];
const USAGE = `usage: npm run python [-- --frameworks] [-- PYTEST ARGUMENTS]
Runs the tests of packages/python in node_modules/.writ/python.
  --frameworks   also installs the frameworks of the adapters (2 GB), and tests each adapter in its own`;

/** The frameworks that can be installed beside each other. CrewAI and LiteLLM need versions of others that contradict them. */
const SETS = [['frameworks'], ['crewai'], ['litellm']];

/**
 * Returns the command of a Python that is new enough.
 *
 * @returns {{ command: string } | { missing: string }}
 */
export function findPython() {
  const found = spawnSync('python3', ['-c', 'import sys; print(*sys.version_info[:2])'], { encoding: 'utf8' });
  if (found.status !== 0) return { missing: 'there is no python3 on the PATH' };
  const [major, minor] = found.stdout.trim().split(' ').map(Number);
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return { command: 'python3' };
  return { missing: `python3 is ${major}.${minor}, and ${LEAST.join('.')} is needed` };
}

/** Runs a program in the package, and ends this one if it fails. */
function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: PACKAGE, stdio: 'inherit' });
  if (error !== undefined) console.error(`${program}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** Makes a virtual environment with the package and some of its extras, unless it was made from the same pyproject.toml. */
function environment(python, name, extras) {
  const folder = join(FOLDER, name);
  const bin = join(folder, 'bin');
  const made = join(folder, 'made-from');
  const from = `${PACKAGE}[${extras}]\n${readFileSync(join(PACKAGE, 'pyproject.toml'), 'utf8')}`;
  if (existsSync(made) && readFileSync(made, 'utf8') === from) return bin;
  mkdirSync(FOLDER, { recursive: true });
  run(python, ['-m', 'venv', '--clear', folder]);
  const options = ['--quiet', '--disable-pip-version-check', '--prefer-binary'];
  run(join(bin, 'python'), ['-m', 'pip', 'install', ...options, '--editable', `.[${extras}]`]);
  writeFileSync(made, from);
  return bin;
}

function main([...args]) {
  if (args.includes('--help')) return console.log(USAGE);
  const withFrameworks = args.includes('--frameworks');
  const rest = args.filter((arg) => arg !== '--frameworks');
  const found = findPython();
  if ('missing' in found) {
    console.error(`${found.missing}; install Python ${LEAST.join('.')} or later`);
    process.exit(2);
  }
  const bin = environment(found.command, 'tests', 'test');
  for (const check of [
    ['check', '.'],
    ['format', '--check', '.'],
  ])
    run(join(bin, 'ruff'), check);
  run(join(bin, 'mypy'), []);
  run(join(bin, 'pytest'), rest.length === 0 ? ['-q'] : rest);
  if (!withFrameworks) return;
  for (const set of SETS) {
    const own = environment(found.command, set.join('-'), ['test', ...set].join(','));
    run(join(own, 'pytest'), [
      '-q',
      '-W',
      'ignore',
      '-rs',
      ...(rest.length === 0 ? ['tests/adapters', 'tests/service'] : rest),
    ]);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  main(process.argv.slice(2));
