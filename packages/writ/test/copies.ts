import { cpSync } from 'node:fs';
import { join } from 'node:path';

/** Returns a function that copies a data folder to a new one below another folder. */
export function copiesIn(folder: string): (of: string) => string {
  let copies = 0;
  return (of) => {
    copies += 1;
    const data = join(folder, `copy-${copies}`);
    cpSync(of, data, { recursive: true });
    return data;
  };
}
