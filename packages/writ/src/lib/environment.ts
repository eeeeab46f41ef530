import { EnvironmentError } from './errors.js';
import { CREDENTIALS } from './known-credentials.js';

/**
 * Replaces each `${env:NAME}` of a setting by the variable's value. A bundle holds no secrets.
 *
 * @param where the setting, for the message
 * @throws {EnvironmentError} when a variable is not in the environment
 */
export function environmentText(value: string, where: string, env: NodeJS.ProcessEnv = process.env): string {
  return value.replaceAll(/\$\{env:([A-Za-z_]\w*)\}/g, (_all, name: string) => {
    const found = env[name];
    if (found === undefined) throw new EnvironmentError(`${where} needs ${name}, which is not in the environment`);
    CREDENTIALS.addNamed(name, found);
    return found;
  });
}
