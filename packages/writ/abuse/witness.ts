import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { endsWithUs, freePort, rest } from './processes.js';
import type { World } from './world.js';

/** `writ log witness` for the log of a data folder, as a process of its own. */
export async function startWitness(
  world: World,
  data: string,
): Promise<{ url: string; key: string; stop: () => void }> {
  const port = await freePort();
  const bin = join(world.root, 'packages/writ/bin/writ.js');
  const log = join(data, 'keys/log.pub');
  const args = [
    '--name',
    'witness.example.com/1',
    '--log',
    log,
    '--data',
    world.folder('witness'),
    '--port',
    String(port),
  ];
  const child = endsWithUs(
    spawn(process.execPath, [bin, 'log', 'witness', ...args], { env: { ...process.env, NO_COLOR: '1' } }),
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += String(chunk);
    });
  for (let i = 0; i < 1_200; i += 1) {
    const key = /witness\.example\.com\/1\+[0-9a-f]+\+[A-Za-z0-9+/=]+/.exec(said)?.[0];
    if (key !== undefined) return { url: `http://127.0.0.1:${port}`, key, stop: () => void child.kill('SIGKILL') };
    await rest(50);
  }
  child.kill('SIGKILL');
  throw new Error(`the witness did not start: ${said}`);
}
