import { MappingError } from '../../errors.js';
import type { Action, ToolReader } from '../event.js';
import { textIn } from '../members.js';

const MAX_FILES = 32;
const FILE = /^\*\*\* (?:Add|Update|Delete) File: (.+)$/;
const MOVE = /^\*\*\* Move to: (.+)$/;
const IN_FILE = /^(?:[ +-]|@@)/;
const FRAME = /^\*\*\* (?:Begin Patch|End Patch|End of File)$/;

/** A patch in the format of Codex: each file that it names is written. A line that could be read otherwise is refused. */
export const appliesPatch: ToolReader = (input) => {
  const lines = textIn(input, 'command', 'input', 'patch').split(/\r?\n/);
  const files: { readonly paths: string[]; readonly lines: string[] }[] = [];
  for (const line of lines) {
    const path = FILE.exec(line.trimEnd())?.[1];
    const moved = MOVE.exec(line.trimEnd())?.[1];
    const current = files.at(-1);
    if (path !== undefined) files.push({ paths: [path], lines: [] });
    else if (moved !== undefined && current !== undefined) current.paths.push(moved);
    else if (line.startsWith('+')) current?.lines.push(line.slice(1));
    // The reader of Codex trims lines: one that begins with spaces may be a header too.
    else if (/^\s*\*\*\*/.test(line) ? !FRAME.test(line.trimEnd()) : !(line === '' || IN_FILE.test(line)))
      throw new MappingError('the patch has a line that is no part of its format');
  }
  const actions = files.flatMap(({ paths, lines: added }): Action[] =>
    paths.map((path) => ({ action: 'write_file', input: { content: added.join('\n') }, path })),
  );
  if (actions.length === 0 || actions.length > MAX_FILES)
    throw new MappingError(`the patch names ${actions.length} files, and 1 to ${MAX_FILES} can be decided on`);
  return actions;
};
