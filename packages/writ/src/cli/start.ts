import pc from 'picocolors';
import { start as startWrit } from '../start.js';
import { EXIT, type ExitCode } from './exit.js';
import { complain, print } from './output.js';

export interface StartFlags {
  readonly bundle: string;
  readonly data: string;
  readonly port: number;
  readonly gatewayPort: number;
}

/** `writ start`: serves a bundle until it is told to stop. */
export async function start(flags: StartFlags): Promise<ExitCode> {
  const log = (message: string): void => complain(pc.dim(message));
  const writ = await startWrit({ ...flags, log });
  print(`service   ${pc.bold(writ.serviceUrl)}  (key: ${writ.keyFile})`);
  if (writ.gatewayUrl !== undefined) print(`gateway   ${pc.bold(writ.gatewayUrl)}`);
  await stopSignal();
  await writ.close();
  return EXIT.ok;
}

/** Resolves at the first SIGINT or SIGTERM. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
