/**
 * Writes docs/errors.md from the sources: every error class in an errors.ts, the codes of denials, and the problem types.
 * The comment before a class or a member of a union says when it occurs; `@fix` says what to do; `@status` is the HTTP status.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SOURCES = new URL('../packages/writ/src/', import.meta.url);
/** Every package that raises errors. */
export const ROOTS = ['sdk', 'enforce', 'writ'].map((name) => new URL(`../packages/${name}/src/`, import.meta.url));
const PAGE = new URL('../docs/errors.md', import.meta.url);

const COMMENT = '/\\*\\*((?:(?!\\*/).)*)\\*/\\s*';
const CLASS = new RegExp(`${COMMENT}export class (\\w+) extends WritError \\{(.*?)\\n\\}`, 'gs');
const MEMBER = new RegExp(`${COMMENT}\\| '(\\w+)'`, 'gs');

/** Returns the text, the fix and the status of a comment. */
function commentIn(comment, of) {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trim());
  const [text, ...tags] = lines.join(' ').split(/\s@(?=fix |status )/);
  const tagged = Object.fromEntries(tags.map((tag) => [tag.split(' ', 1)[0], tag.slice(tag.indexOf(' ') + 1).trim()]));
  if (text.trim() === '' || tagged.fix === undefined) throw new Error(`${of}: its comment needs a text and @fix`);
  return { when: text.trim(), fix: tagged.fix, status: tagged.status };
}

/** Returns the members of a union of strings, each with what its comment says. */
function membersIn(union, of) {
  const members = [...union.matchAll(MEMBER)].map(([, comment, code]) => ({ code, ...commentIn(comment, code) }));
  const all = [...union.matchAll(/^\s*\| '/gm)].length;
  if (members.length === 0 || members.length !== all) throw new Error(`${of}: each member needs a comment`);
  return members;
}

/** Returns the union that a type of a file is. */
function unionOf(text, type) {
  const found = new RegExp(`type ${type} =(.*?);\\n`, 's').exec(text);
  if (found === null) throw new Error(`there is no union ${type}`);
  return found[1];
}

/** Returns every error class, with its codes. */
export function errorClasses() {
  const files = ROOTS.flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => /(^|\/)errors\.ts$/.test(file))
      .sort()
      .map((file) => ({ root, file })),
  );
  return files.flatMap(({ root, file }) => {
    const text = readFileSync(new URL(file, root), 'utf8');
    return [...text.matchAll(CLASS)].map(([, comment, name, body]) => {
      const own = { file, name, ...commentIn(comment, name) };
      const problem = /readonly problem: (\w+)/.exec(body)?.[1];
      const problems = problem === undefined ? [] : membersIn(unionOf(text, problem), name);
      const code = /readonly code = '(\w+)'/.exec(body)?.[1];
      if (code !== undefined) return { ...own, codes: [{ ...own, code }], problems };
      const union = /readonly code: (\w+)/.exec(body)?.[1];
      if (union === undefined) throw new Error(`${name} has no code`);
      return { ...own, codes: membersIn(unionOf(text, union), name), problems };
    });
  });
}

/** Returns the codes of denials that no policy made. */
export function denialCodes() {
  const text = readFileSync(new URL('../packages/sdk/src/authzen/decision.ts', import.meta.url), 'utf8');
  const union = /export interface Refusal \{\s*readonly code:([\s\S]*?);\n/.exec(text);
  return membersIn(union[1], 'Refusal');
}

function table(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Returns the text of docs/errors.md. */
export function errorsPage() {
  const classes = errorClasses();
  const failed = readFileSync(new URL('cli/failure.ts', SOURCES), 'utf8');
  const exitOf = (code) => (new RegExp(`\\b${code}: EXIT\\.failed`).test(failed) ? '1' : '2');
  const codes = classes.flatMap(({ name, codes }) => codes.map((one) => ({ name, ...one })));
  const errors = [...codes].sort((a, b) => (a.code < b.code ? -1 : 1));
  const problems = classes.filter((one) => one.problems.length > 0);
  return `# Errors

This page is written by \`npm run error-codes\` from the comments in the sources; a test fails when it is not up to date.

## Codes of errors

Each error that Writ raises on purpose is a \`WritError\`: \`code\` is stable, \`message\` says what is wrong and where,
\`help\` says what to do. \`AnyWritError\` is the union of their classes, so that a switch on \`code\` narrows. The HTTP status
is that of an operation of the service that fails with the error. The exit code is that of \`writ\`: 2 for wrong use or
trouble, 1 if the thing that was checked is not right. Errors that have no code are faults of Writ: the service answers
them with 500, and permits nothing.

${table(
  ['Code', 'When', 'What to do', 'HTTP status', 'Exit code', 'Class'],
  errors.map(({ code, when, fix, status = '', name }) => [
    `\`${code}\``,
    when,
    fix,
    status,
    exitOf(code),
    `\`${name}\``,
  ]),
)}
${problems
  .map(
    ({ name, codes, problems }) => `
### Problems of \`${codes[0].code}\`

Values of \`problem\` of a \`${name}\`.

${table(
  ['Problem', 'When', 'What to do', 'HTTP status'],
  problems.map(({ code, when, fix, status }) => [`\`${code}\``, when, fix, status ?? codes[0].status ?? '']),
)}
`,
  )
  .join('')}
## Codes of denials

A decision that no policy made has \`refusal.code\` (in AuthZEN answers, \`context.refusal.code\`). The answer is HTTP 200
with \`"decision": false\`, but 403 for \`caller_not_permitted\`.

${table(
  ['Code', 'When', 'What to do'],
  denialCodes().map(({ code, when, fix }) => [`\`${code}\``, when, fix]),
)}

## Problem details

Operations that fail answer with \`application/problem+json\` (RFC 9457). \`type\` is \`about:blank\`, so \`title\` is the name of
the HTTP status, and \`detail\` says what is wrong. Requests for access have types of their own:

${table(
  ['Type', 'HTTP status'],
  problems
    .filter(({ name }) => name === 'AccessRequestError')
    .flatMap((one) => one.problems)
    .map(({ code, status }) => [`\`urn:openid:authzen:access-request:error:${code}\``, status]),
)}

\`POST /token\` answers with \`error\` (a problem of \`exchange_refused\`) and \`error_description\` (RFC 6749, section 5.2);
\`POST /ssf/events/:stream\` with \`err\` (a problem of \`event_refused\`) and \`description\` (RFC 8935, section 2.4).
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, errorsPage());
