import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Runs tests without the sample of npm test, as the options of the command say, and ends the process as they end.
 *
 * @param usage the text of --help
 * @param defaults the value of each option that is a whole number, by its name: count, seed
 * @param file the tests
 * @param variables the variable of the environment that each option becomes, by its name
 */
export function runCounted(usage, defaults, file, variables) {
  const named = Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: value }]);
  const { values } = parseArgs({
    options: { ...Object.fromEntries(named), help: { type: 'boolean', default: false } },
  });
  const { help, ...given } = values;
  if (help || !Object.values(given).every((text) => Number.isSafeInteger(Number(text)) && Number(text) >= 1)) {
    console.error(usage);
    process.exit(help ? 0 : 2);
  }
  const env = { ...process.env };
  for (const [name, variable] of Object.entries(variables)) env[variable] = given[name];
  const { status } = spawnSync('npx', ['vitest', 'run', file, '--testTimeout=86400000'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: 'inherit',
    env,
  });
  process.exit(status ?? 1);
}
