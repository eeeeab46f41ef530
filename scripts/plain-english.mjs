// node scripts/plain-english.mjs [FILE...]: finds words of our private dialect in comments and docs.
// Without files it reads the lines that were added since the commit in plain-english.base. CONTRIBUTING has the rules.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BASE = readFileSync(new URL('plain-english.base', import.meta.url), 'utf8').trim();
const LOOKED_AT = /\.(ts|tsx|mjs|md)$/;

/** A word as it was written, and the words to write instead. */
const WORDS = [
  [/\b(tells?|told|telling)\b/i, 'notify, report, show, name; say of people'],
  [/\b(hears?|heard)\b/i, 'receive'],
  [/\b(believes?|believed)\b/i, 'verify, accept'],
  [/\banew\b/i, 'again; reload, recreate'],
  [/\bbesides\b/i, 'also, in addition to'],
  [/\bin the place of\b/i, 'instead of'],
  [/\b(comes?|came) to\b/i, 'result in, amount to'],
  [/(?<!there )\b(is|are|was|were) none\b/i, 'does not exist, is invalid'],
  [/\b(if|when) there (is|are|was|were) none\b/i, '"undefined if X is not found"'],
  [/\bso (many|long)\b/i, '"at most N", "for N ms", while'],
  [/\bfor good\b/i, 'permanently'],
  [/\b(takes?|took|taken|taking) in\b/i, 'accept, read, record'],
  [/\bas (it|they) (is|are|was|were) now\b/i, 'the current X'],
  [/\b(go|goes|went|going) on\b/i, 'continue; is recorded'],
  [/\bwho(m|so)?ever\b/i, 'the noun: caller, client, operator'],
];
const HEAD = /^(What|Who|Whoever|Whose|Where|So)\b(?!.*\?$)/;
const HEAD_ADVICE = 'begin with the noun or, in a doc comment, with the verb';

/**
 * Returns the findings in a text, each with its line, the words and what to write instead.
 *
 * @param {string} name the file's name: it says where the prose of the file is
 * @param {string} text
 * @returns {{ line: number, word: string, advice: string }[]}
 */
export function findingsIn(name, text) {
  const prose = name.endsWith('.md') ? proseOfMarkdown(text) : commentsOf(text);
  return prose.flatMap(({ line, said }) => {
    const plain = said.replace(/`[^`]*`|"[^"]*"|\{@link [^}]*\}/g, '``');
    const words = WORDS.map(([word, advice]) => ({ word: word.exec(plain)?.[0], advice }));
    const heads = plain
      .split(/(?<=[.!?:]) +/)
      .map((sentence) => ({ word: HEAD.exec(sentence)?.[0], advice: HEAD_ADVICE }));
    return [...words, ...heads].filter(({ word }) => word !== undefined).map((found) => ({ line, ...found }));
  });
}

/** Returns the lines of comments. A `//` in a string has no space on both sides. */
function commentsOf(text) {
  return text.split('\n').flatMap((all, index) => {
    const said = /^\s*(?:\/\*\*?|\*(?!\/)|\/\/)\s*(.*)$/.exec(all)?.[1] ?? /\s\/\/ (.*)$/.exec(all)?.[1];
    return said === undefined
      ? []
      : [{ line: index + 1, said: said.replace(/\s*\*\/$/, '').replace(/^@\w+ \S+ /, '') }];
  });
}

/** Returns the lines of Markdown that are neither code nor headings, without what marks a list or a quotation. */
function proseOfMarkdown(text) {
  let isCode = false;
  return text.split('\n').flatMap((all, index) => {
    const isFence = /^\s*```/.test(all);
    if (isFence) isCode = !isCode;
    if (isFence || isCode || /^( {4,}|#)/.test(all)) return [];
    return [{ line: index + 1, said: all.replace(/^\s*([-*>|]|\d+\.)?\s*(\*\*)?/, '') }];
  });
}

/** Returns the lines that were added since the base, by file; lines that were only moved are not among them. */
function addedLines(root, base) {
  const diff = git(root, 'diff', '-M', '-U0', '--no-color', '--no-ext-diff', base, '--');
  const removed = new Set();
  const added = [];
  let [file, line] = ['', 0];
  for (const text of diff.split('\n')) {
    if (text.startsWith('+++ ')) file = text.replace(/^\+\+\+ (b\/)?/, '');
    else if (text.startsWith('@@')) line = Number(/\+(\d+)/.exec(text)[1]);
    else if (text.startsWith('-')) removed.add(saidBy(text.slice(1)));
    else if (text.startsWith('+')) added.push({ file, line: line++, said: saidBy(text.slice(1)) });
  }
  return added.filter(({ file, said }) => LOOKED_AT.test(file) && !removed.has(said));
}

/** Returns a line without its indentation, and without the names and paths that a move changes. */
function saidBy(line) {
  return line.trim().replace(/`[^`]*`|\]\([^)]*\)|\{@link [^}]*\}/g, '``');
}

function git(root, ...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`git ${args[0]} failed: ${stderr}`);
  return stdout;
}

/** Returns the findings on lines added since the base commit; since HEAD in a clone that does not have that commit. */
export function findingsOnNewLines(root = ROOT, base = BASE) {
  const isHere = spawnSync('git', ['cat-file', '-e', `${base}^{commit}`], { cwd: root }).status === 0;
  const since = isHere ? base : 'HEAD';
  const added = new Map();
  for (const { file, line } of addedLines(root, since)) added.set(file, (added.get(file) ?? new Set()).add(line));
  const findings = [...added].flatMap(([file, lines]) =>
    findingsIn(file, readFileSync(join(root, file), 'utf8'))
      .filter(({ line }) => lines.has(line))
      .map((finding) => ({ file, ...finding })),
  );
  return { since, findings };
}

function main(files) {
  const { since, findings } =
    files.length === 0
      ? findingsOnNewLines()
      : {
          findings: files.flatMap((file) =>
            findingsIn(file, readFileSync(file, 'utf8')).map((found) => ({ file, ...found })),
          ),
        };
  if (since === 'HEAD') console.error(`the commit ${BASE} is not in this clone: only what is not committed was read`);
  for (const { file, line, word, advice } of findings) console.log(`${file}:${line} "${word}": write ${advice}`);
  console.log(`${findings.length} found${since === undefined ? '' : ` on lines added since ${since}`}`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
