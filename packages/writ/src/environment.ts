import { FetchError } from './registry/errors.js';

/**
 * `${env:NAME}` in a setting: secrets are not in the bundle.
 *
 * @param where the setting, for the message
 * @throws {FetchError} when there is no such variable
 */
export function environmentText(value: string, where: string, env: NodeJS.ProcessEnv = process.env): string {
  return value.replaceAll(/\$\{env:([A-Za-z_]\w*)\}/g, (_all, name: string) => {
    const found = env[name];
    if (found === undefined) throw new FetchError(`${where} needs ${name}, which is not in the environment`);
    return found;
  });
}
