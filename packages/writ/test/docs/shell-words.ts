/** A command of a shell, as far as documents use the shell: words, and what joins it to the next command. */
export interface ShellCommand {
  readonly words: readonly string[];
  /** Variables that are set before the first word. */
  readonly variables: Readonly<Record<string, string>>;
}

const TOKEN = /\s+|#.*$|'([^']*)'|"((?:\\.|[^"\\])*)"|\$\([^)]*\)|(&&|\|\||[|;&])|([<>]+)|\\(.)|[^\s'"\\|;&<>$]+|\$/gmy;
const VARIABLE = /^([A-Z_][A-Z0-9_]*)=(.*)$/;

/**
 * Returns the commands of a line with their words, without quotes, comments and redirections. The text of `$(…)` stays
 * as it is written.
 *
 * @throws {Error} if a quote is open at the end of the line
 */
export function shellCommands(line: string): ShellCommand[] {
  const commands: string[][] = [[]];
  let word: string | undefined;
  let redirects = false;
  const finish = (): void => {
    if (word === undefined) return;
    if (!redirects) commands.at(-1)?.push(word);
    redirects = false;
    word = undefined;
  };
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < line.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(line);
    if (match === null) throw new Error(`a quote is open: ${line.slice(at)}`);
    const [text, single, double, joins, arrow, escaped] = match;
    if (/^\s/.test(text)) finish();
    else if (text.startsWith('#') && word === undefined) continue;
    else if (joins !== undefined) {
      finish();
      commands.push([]);
    } else if (arrow !== undefined) {
      finish();
      redirects = true;
    } else word = (word ?? '') + (single ?? double?.replace(/\\(.)/g, '$1') ?? escaped ?? text);
  }
  finish();
  return commands.filter((words) => words.length > 0).map(withoutVariables);
}

function withoutVariables(words: readonly string[]): ShellCommand {
  const first = words.findIndex((word) => !VARIABLE.test(word));
  const set = words.slice(0, first === -1 ? words.length : first);
  const variables = Object.fromEntries(set.map((word) => VARIABLE.exec(word)?.slice(1) as [string, string]));
  return { words: words.slice(set.length), variables };
}
