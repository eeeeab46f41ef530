import { readFileSync } from 'node:fs';

/** Returns the text of an option, or of its file if it begins with @. */
export function textOf(option: string): string {
  return option.startsWith('@') ? readFileSync(option.slice(1), 'utf8') : option;
}
