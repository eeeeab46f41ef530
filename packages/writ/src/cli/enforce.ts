import pc from 'picocolors';
import { askService, type ServiceFlags } from './ask-service.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printJson } from './output.js';

export interface EnforceFlags extends ServiceFlags {
  readonly json?: boolean;
}

/** A bundle is read, checked and compiled before it is served. */
const RELOAD_MS = 120_000;

/** `writ up enforce`: serves the current bundle, and ends an observation: the rules hold. */
export async function enforce(flags: EnforceFlags): Promise<ExitCode> {
  // A bundle with errors is not served, and the observation continues.
  const { name, version } = await askService<{ name: string; version: string }>(
    flags,
    'POST',
    '/v1/policy/reload',
    undefined,
    RELOAD_MS,
  );
  const { ended } = await askService<{ ended: boolean }>(flags, 'POST', '/v1/observation/end');
  if (flags.json === true) printJson({ name, version, ended });
  else {
    print(`${pc.green('served')}  ${name}, policy ${version}`);
    print(ended ? 'The observation is over: the rules hold from now on.' : 'The rules held already.');
  }
  return EXIT.ok;
}
