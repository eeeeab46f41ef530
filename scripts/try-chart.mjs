// npm run try-chart: builds helm from the Go module proxy, and runs the tests of deploy/ with it. The build takes minutes; it is
// kept in node_modules/.writ.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT, setup } from './setup.mjs';

const HELM = 'helm.sh/helm/v3/cmd/helm@v3.17.3';

setup();
const bin = join(ROOT, 'node_modules/.writ/bin');
mkdirSync(bin, { recursive: true });
if (!existsSync(join(bin, 'helm'))) {
  console.error(`writ: building ${HELM}`);
  const { status, error } = spawnSync('go', ['install', HELM], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, GOBIN: bin },
  });
  if (status !== 0) {
    console.error(`writ: helm could not be built${error === undefined ? '' : `: ${error.message}`}`);
    process.exit(1);
  }
}
const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
const { status } = spawnSync(process.execPath, [vitest, 'run', 'scripts/deploy.test.ts'], {
  cwd: ROOT,
  stdio: 'inherit',
  env,
});
process.exitCode = status ?? 1;
