import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';

export interface Ran {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string | null;
  /** All that it printed. */
  readonly out: string;
}

/** Runs `writ` of a checkout to its end, or for 60 s at most. */
export function writ(root: string, args: readonly string[], cwd?: string): Promise<Ran> {
  return ran(process.execPath, [join(root, 'packages/writ/bin/writ.js'), ...args], { cwd });
}

/** Runs a command to its end, or for `ms` at most. */
export function ran(
  command: string,
  args: readonly string[],
  { cwd, ms = patient(60_000), input = '' }: { cwd?: string | undefined; ms?: number; input?: string } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1' },
      timeout: ms,
      killSignal: 'SIGKILL',
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        out += String(chunk);
      });
    child.once('error', (error) => resolve({ code: 'error', out: String(error) }));
    child.once('close', (code, signal) => resolve({ code: code ?? signal, out }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Ends a process with this one, if it still runs then. */
export function endsWithUs<T extends ChildProcess>(child: T): T {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Returns a deadline, longer on a machine that is busy with other work: WRIT_ABUSE_PATIENCE is the factor. */
export function patient(ms: number): number {
  return ms * Number(process.env.WRIT_ABUSE_PATIENCE ?? 1);
}

/** Waits; with a signal no longer than until that is aborted. */
export function rest(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Sends bytes unchanged to a port of this machine, and returns the statuses of the answers. */
export function sendRaw(port: number, text: string | Buffer): Promise<string[]> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += String(data);
    });
    for (const end of ['close', 'error'] as const)
      socket.once(end, () => resolve([...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((match) => String(match[1]))));
    socket.setTimeout(1_500, () => socket.destroy());
    socket.write(text);
  });
}
