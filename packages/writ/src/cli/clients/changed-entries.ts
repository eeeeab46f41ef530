import { applyEdits, modify } from 'jsonc-parser';
import { ClientConfigError } from '../errors.js';
import { isToml, membersIn } from './entries.js';
import type { ClientConfig } from './known.js';
import { tomlChanged } from './toml-entries.js';

/**
 * Returns the text of a configuration with entries changed; everything else, comments too, as it was.
 *
 * @param changes the entries by name; undefined takes one out
 * @throws {ClientConfigError} if the text cannot be read, or cannot be changed without changing more of it
 */
export function withEntries(config: ClientConfig, text: string, changes: ReadonlyMap<string, unknown>): string {
  const { file, path } = config;
  membersIn(config, text);
  if (isToml(file)) {
    try {
      return tomlChanged(text, path, (servers) => {
        for (const [name, entry] of changes) {
          if (entry === undefined) delete servers[name];
          else servers[name] = entry;
        }
      });
    } catch (error) {
      throw new ClientConfigError(`${file}: ${(error as Error).message}`, 'it is left as it is; change it by hand');
    }
  }
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const formattingOptions = { insertSpaces: !indent.includes('\t'), tabSize: indent.length, eol: '\n' };
  let edited = text === '' ? '{}' : text;
  for (const [name, entry] of changes)
    edited = applyEdits(edited, modify(edited, [...path, name], entry, { formattingOptions }));
  return edited;
}
