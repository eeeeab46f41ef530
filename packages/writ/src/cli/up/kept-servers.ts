import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '@writ/sdk/lib/replace-file';
import { z } from 'zod';
import { secretPlaces } from '../../lib/secret-forms.js';
import { isSecretName } from '../../lib/secret-names.js';
import { UsageError } from '../errors.js';
import type { FoundServer } from './found-servers.js';

/** In the folder of the keys: the values of servers that a bundle must not have, and where the servers were found. */
const FILE = 'servers.json';
/** The beginning of the names of the variables that are kept: no other variable is set from the file. */
const PREFIX = 'WRIT_SERVER_';

const shape = z.strictObject({
  variables: z.record(z.string().regex(/^WRIT_SERVER_\w+$/), z.string()),
  servers: z.array(
    z.strictObject({
      server: z.string(),
      client: z.string(),
      file: z.string(),
      path: z.array(z.string()),
      name: z.string(),
    }),
  ),
  /** Entries that were taken out of the configurations of clients, for `writ up connect --undo`. */
  removed: z
    .array(z.strictObject({ file: z.string(), path: z.array(z.string()), name: z.string(), entry: z.unknown() }))
    .default([]),
});
export type KeptServers = z.output<typeof shape>;

/** Returns what is kept in a data folder; nothing if `writ up` never kept anything. @throws {UsageError} if the file was changed */
export function keptServers(data: string): KeptServers {
  const file = join(data, 'keys', FILE);
  if (!existsSync(file)) return { variables: {}, servers: [], removed: [] };
  try {
    return shape.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new UsageError(`${file} is not as Writ wrote it`, 'move it away, and draft again', { cause });
  }
}

/** Keeps values beside the keys, readable by their owner alone. */
export function keepServers(data: string, kept: KeptServers): void {
  const keys = join(data, 'keys');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  replaceFile(join(keys, FILE), `${JSON.stringify(kept, null, 2)}\n`);
}

/** Sets the variables that the servers of a bundle need, except those that the environment has. */
export function setKeptVariables(data: string): void {
  for (const [name, value] of Object.entries(keptServers(data).variables)) process.env[name] ??= value;
}

/** Returns a server without its secrets, which become variables of this process. @param variables receives them */
export function withoutSecrets(
  { name, declared }: FoundServer,
  variables: Record<string, string>,
): Pick<FoundServer['declared'], 'args' | 'env' | 'headers'> {
  const replaced = (part: string, value: string): string => {
    const variable = `${PREFIX}${name}_${part}`.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
    variables[variable] = value;
    process.env[variable] = value;
    return `\${env:${variable}}`;
  };
  const isSecret = (label: string, value: string): boolean =>
    !value.includes('${env:') && (isSecretName(label, value) || secretPlaces(value).length > 0);
  const all = (part: string, values: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).map(([label, value]) => [
        label,
        isSecret(label, value) ? replaced(`${part}_${label}`, value) : value,
      ]),
    );
  const { args } = declared;
  return {
    env: all('ENV', declared.env),
    headers: all('HEADER', declared.headers),
    args: args.map((arg, i) => {
      const [, flag, value] = /^--?([\w-]+)=(.*)$/s.exec(arg) ?? [];
      const before = /^--?([\w-]+)$/.exec(args[i - 1] ?? '')?.[1];
      const label = flag ?? (arg.startsWith('-') ? undefined : before) ?? '';
      return isSecret(label, value ?? arg) ? replaced(`ARG_${i}`, arg) : arg;
    }),
  };
}
