import { type ChildProcess, spawn } from 'node:child_process';

/** `writ start` as a process of its own. */
export interface Started {
  readonly child: ChildProcess;
  /** What it said so far. */
  readonly said: string;
}

const READY_MS = 60_000;

/**
 * Starts the service on ports that are free, and waits until it says something. The caller ends it.
 *
 * @param bin the command, `bin/writ.js`
 * @param store a database; the folder of `data` when it is not given
 */
export async function started(
  bin: string,
  bundle: string,
  data: string,
  until: RegExp,
  store?: string,
): Promise<Started> {
  const ports = ['--port', '0', '--gateway-port', '0'];
  const args = ['start', '--bundle', bundle, '--data', data, ...ports, '--log-level', 'fatal'];
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NO_COLOR: '1', ...(store === undefined ? {} : { WRIT_STORE: store }) },
  });
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += String(chunk);
  });
  for (const began = Date.now(); !until.test(said); ) {
    if (child.exitCode !== null || Date.now() - began > READY_MS) throw new Error(`the service did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { child, said };
}
