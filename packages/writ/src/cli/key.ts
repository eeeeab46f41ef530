import { readTextFile } from '../lib/text-file.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printJson } from './output.js';

export type KeyFlags = ServiceFlags & { readonly json?: boolean };

interface Key {
  readonly thumbprint: string;
  readonly identity: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly addedAt: string;
  readonly addedBy: string;
}

/** `writ identity key add`: registers a public key of an identity. */
export async function addKey(file: string, flags: KeyFlags & { readonly identity: string }): Promise<ExitCode> {
  let jwk: unknown;
  try {
    jwk = JSON.parse(readTextFile(file));
  } catch {
    throw new UsageError(`${file} is not a JWK`, 'a JWK is a JSON object with kty, crv, x and y');
  }
  const body = { identity: flags.identity, jwk };
  const key = await askService<Key>(flags, 'POST', '/v1/identity-keys', body);
  if (flags.json === true) printJson(key);
  else print(`${key.thumbprint} is a key of ${key.identity} from now on`);
  return EXIT.ok;
}

/** `writ identity key list`: lists the keys of identities. */
export async function listKeys(flags: KeyFlags): Promise<ExitCode> {
  const keys = await registeredKeys(flags);
  if (flags.json === true) printJson(keys);
  else if (keys.length === 0) print('no identity has a key');
  else
    print(keys.map(({ thumbprint, identity, addedAt }) => `${thumbprint}  ${identity}  since ${addedAt}`).join('\n'));
  return EXIT.ok;
}

/** `writ identity key remove`: removes a key; links that it signed are worth nothing from now on. */
export async function removeKey(thumbprint: string, flags: KeyFlags): Promise<ExitCode> {
  const path = `/v1/identity-keys/${encodeURIComponent(thumbprint)}`;
  const key = await askService<Key>(flags, 'DELETE', path);
  if (flags.json === true) printJson(key);
  else print(`${key.thumbprint} is no key of ${key.identity} any more; the links that it signed are worth nothing`);
  return EXIT.ok;
}

export async function registeredKeys(flags: ServiceFlags): Promise<readonly Key[]> {
  return (await askService<{ keys: readonly Key[] }>(flags, 'GET', '/v1/identity-keys')).keys;
}
