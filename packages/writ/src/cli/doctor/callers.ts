import type { ShownCaller } from '../callers.js';
import { type Found, ok, warning } from './found.js';

/** Returns what is wrong with the keys of callers and clients. */
export function callerChecks(callers: readonly ShownCaller[]): Found[] {
  const found = callers.flatMap(({ name, keys, file }): Found[] => {
    if (!keys.some(({ isLive }) => isLive))
      return [warning(`${name} has no key that counts`, `writ caller rotate ${name}, or bring another one in`)];
    const help = `writ caller rotate ${name}, or writ caller revoke ${name} --reason TEXT`;
    if (file?.state === 'missing')
      return [warning(`${file.path} is not there, and the key of ${name} still counts`, help)];
    if (file?.state === 'other')
      return [warning(`${file.path} has another text than the key of ${name} that counts`, help)];
    return [];
  });
  return found.length > 0 ? found : [ok(`${callers.length} callers and clients have the key that is in their file`)];
}
