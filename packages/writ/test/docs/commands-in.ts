import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** A command of a document. */
export interface DocCommand {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** The documents whose commands are looked at. */
export const DOCUMENTS = [
  ...['README.md', 'CONTRIBUTING.md'],
  ...['cedar', 'sdk', 'writ', 'enforce'].map((name) => `packages/${name}/README.md`),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
];

/** The programs that a line of a block begins with, if it is a command. */
const PROGRAM =
  /^(?:[A-Z_]+=\S+ )*(?:(?:npx|writ|npm|node|curl|docker|helm|kubectl|git|cp|install|createdb|pg_dump|systemctl|journalctl|useradd)\s+[^\s=:{]|\/opt\/\S+\/writ )/;
const IN_BLOCK = /^(?: {4,}|(?=\S))(?:\$ )?(?<text>\S.*)$/;

const isQuoteOpen = (text: string): boolean => text.replace(/(^|\s)#.*$/gm, '').split("'").length % 2 === 0;

/** Returns the commands in the blocks of a document, fenced or indented, each in one line. */
export function blockCommands(file: string): DocCommand[] {
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  const commands: DocCommand[] = [];
  let fenced = false;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] as string;
    if (/^\s*```/.test(line)) {
      fenced = !fenced;
      continue;
    }
    if (!fenced && !line.startsWith('    ')) continue;
    const first = IN_BLOCK.exec(line)?.groups?.text as string | undefined;
    if (first === undefined || !PROGRAM.test(first)) continue;
    const began = at;
    let text = first;
    while (at + 1 < lines.length && (text.endsWith('\\') || isQuoteOpen(text))) {
      at += 1;
      const next = (lines[at] as string).trim();
      text = text.endsWith('\\') ? `${text.slice(0, -1).trimEnd()} ${next}` : `${text}\n${next}`;
    }
    commands.push({ file, line: began + 1, text });
  }
  return commands;
}

/** Returns the commands of Writ that a document names in its sentences and tables. */
export function inlineCommands(file: string): DocCommand[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const prose = text
    .replace(/^\s*```[\s\S]*?^\s*```$/gm, (block) => block.replace(/[^\n]/g, ' '))
    .replace(/^ {4}.*$/gm, '');
  return [...prose.matchAll(/`(?<text>(?:npx )?writ(?:\s+[^`]+)?)`/g)].map(({ index, groups }) => ({
    file,
    line: prose.slice(0, index).split('\n').length,
    text: String(groups?.text).replace(/\s+/g, ' '),
  }));
}
