/** A command of a document, or the edit of a file that it asks for. */
type Step = { readonly command: string } | { readonly file: string; readonly from: string; readonly to: string };

const COMMANDS = /^```sh\n(?<lines>.*?)^```$/gms;
const EDIT = /Open\s+`(?<file>[^`]+)`[^`]+from\s+`(?<from>[^`]+)`\s+to\s+`(?<to>[^`]+)`/g;

/** Returns the commands of the `sh` blocks of a document, and its edits, in order. */
export function stepsIn(text: string): Step[] {
  const commands = [...text.matchAll(COMMANDS)].map(({ index, groups }) => ({
    index,
    steps: commandsIn(groups?.lines as string),
  }));
  const edits = [...text.matchAll(EDIT)].map(({ index, groups }) => ({ index, steps: [{ ...groups } as Step] }));
  return [...commands, ...edits].sort((one, other) => one.index - other.index).flatMap(({ steps }) => steps);
}

/** Splits a block into commands: a backslash at a line's end and an open quote continue a command. */
function commandsIn(lines: string): Step[] {
  const commands: string[] = [];
  for (const line of lines.replace(/\\\n/g, '').split('\n')) {
    const last = commands.at(-1) ?? '';
    if ((last.match(/'/g) ?? []).length % 2 === 1) commands[commands.length - 1] = `${last}\n${line}`;
    else commands.push(line.replace(/(^|\s+)# .*$/, ''));
  }
  return commands.filter((command) => command.trim() !== '').map((command) => ({ command }));
}
