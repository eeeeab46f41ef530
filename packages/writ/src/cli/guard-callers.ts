import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseUid, uidText } from '@writ/cedar';
import { replaceFile } from '@writ/sdk/lib/replace-file';
import { callersOf, newCaller } from './callers.js';
import { UsageError } from './errors.js';

interface GuardCallerFlags {
  readonly for?: string;
  readonly agent?: string;
  readonly service: string;
  readonly adminKeyFile?: string;
  readonly data?: string;
}

const DATA = './data';

/** Returns the name of the caller of a client: one for each person that it works for. */
function callerName(client: string, person: string): string {
  const id = (parseUid(person)?.id ?? '').toLowerCase().replaceAll(/[^a-z0-9._-]+/g, '-');
  return `${client}-for-${id}`.slice(0, 64);
}

/** Returns the file that the key of a client's own caller is in, or will be in. */
export function keyFileOf(client: string, flags: GuardCallerFlags): string {
  return join(resolve(flags.data ?? DATA), 'keys', `${callerName(client, String(flags.for))}.key`);
}

/**
 * Gives a client a caller of its own, which speaks for that agent and person alone; one that it has already, with its key here, stays.
 *
 * @returns the file of its key
 * @throws {UsageError} if the name is another caller's, or its key is elsewhere
 * @throws {ServiceError} if the service does not answer, or refuses
 */
export async function giveCaller(client: string, flags: GuardCallerFlags): Promise<string> {
  const { agent, for: person = '', service, data = DATA } = flags;
  const asked = { service, keyFile: flags.adminKeyFile ?? join(data, 'keys/admin.key') };
  const name = callerName(client, person);
  const file = keyFileOf(client, flags);
  const known = (await callersOf(asked)).find((one) => one.name === name);
  if (known?.keys.some(({ isLive }) => isLive) === true) {
    const isSame = known.kind === 'added' && known.for === normal(person) && known.agent === normal(agent);
    const found = [known.file?.path, file].find((path) => path !== undefined && existsSync(path));
    if (isSame && found !== undefined) return found;
    throw new UsageError(
      isSame ? `the key of ${name} is not on this machine` : `${name} is a caller that speaks for somebody else`,
      `writ caller revoke ${name} --reason TEXT, then install again; or name a key with --key-file`,
    );
  }
  const made = await newCaller(asked, name, agent, person);
  const { path = '' } = made.file ?? {};
  // The service has written it, unless it runs on another machine.
  if (existsSync(path)) return path;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, `${made.key}\n`);
  return file;
}

function normal(text: string | undefined): string | undefined {
  const uid = text === undefined ? undefined : parseUid(text);
  return uid && uidText(uid);
}
