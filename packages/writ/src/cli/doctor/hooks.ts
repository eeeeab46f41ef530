import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { CANARY, CANARY_SAYS, DIALECTS } from '@writ/enforce/hooks';
import { readTextFile } from '../../lib/text-file.js';
import { filesOf, HOOK_SETTINGS, type HookSettings, hooksIn, keyFileIn } from '../clients/hook-settings.js';
import { causeOf, type Found, ok, warning, wrong } from './found.js';

const AGAIN = 'writ guard install --hooks again';
/** The longest that a client waits for its hook. */
const CANARY_MS = 15_000;

/** Checks the hooks of coding agents on this machine: whether they are whole, and whether each stops a canary. */
export async function hookChecks(): Promise<Found[]> {
  const files = HOOK_SETTINGS.flatMap((settings) =>
    filesOf(settings, homedir(), process.platform)
      .filter((file) => existsSync(file))
      .map((file) => ({ settings, file })),
  );
  return (await Promise.all(files.map(({ settings, file }) => checksOf(settings, file)))).flat();
}

async function checksOf(settings: HookSettings, file: string): Promise<Found[]> {
  const { client, events, caution } = settings;
  let installed: ReadonlyMap<string, string>;
  try {
    installed = hooksIn(settings, file, readTextFile(file));
  } catch (error) {
    return [wrong(`${client}: ${causeOf(error)}`, 'the client cannot read it either')];
  }
  const [command] = installed.values();
  if (command === undefined) return [];
  const missing = Object.keys(events).filter((event) => !installed.has(event));
  const found: Found[] = [];
  if (missing.length > 0) found.push(wrong(`${client}: ${file} has no hook of Writ for ${missing.join(', ')}`, AGAIN));
  if (new Set(installed.values()).size > 1)
    found.push(wrong(`${client}: the hooks in ${file} ask in different ways`, AGAIN));
  found.push(...keyChecks(client, command));
  const stops = await stopsCanary(settings, command);
  found.push(
    stops === undefined
      ? ok(`${client}: its hook stopped a canary`)
      : wrong(`${client}: its hook did not reach a decision: ${stops}`, `start the service, or ${AGAIN}`),
  );
  if (caution !== undefined) found.push(warning(`${client}: ${caution.what}`, caution.help));
  return found;
}

function keyChecks(client: string, command: string): Found[] {
  const file = keyFileIn(command);
  if (file === undefined || !existsSync(file))
    return [wrong(`${client}: there is no key in ${file ?? 'its hook'}`, AGAIN)];
  const isOpen = (statSync(file).mode & 0o077) !== 0;
  return isOpen ? [wrong(`${client}: others can read the key in ${file}`, `chmod 600 ${file}`)] : [];
}

/** Runs the hook as its client does. @returns what was wrong; undefined if it stopped the canary */
function stopsCanary({ dialect }: HookSettings, command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'], timeout: CANARY_MS });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        if (said.length < MAX_SAID) said += data.toString();
      });
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => resolve(error.message));
    child.on('close', () => resolve(said.includes(CANARY_SAYS) ? undefined : (said.trim().split('\n')[0] ?? '')));
    child.stdin.end(JSON.stringify(DIALECTS[dialect].asking(CANARY)));
  });
}

const MAX_SAID = 64 * 1024;
