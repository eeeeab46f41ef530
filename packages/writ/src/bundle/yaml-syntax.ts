import { type Document, isCollection, type Node, visit, type YAMLError } from 'yaml';

/** A mistake in the YAML of a file, in our words. */
interface SyntaxProblem {
  readonly message: string;
  readonly help: string | undefined;
  readonly offset: number;
}

/**
 * Returns the mistakes of a text in YAML: every key that is given twice, up to the first error of another sort. From there on the text
 * is read in another way than it was meant, and each of its lines can be an error.
 */
export function syntaxProblems(document: Document.Parsed, text: string): readonly SyntaxProblem[] {
  const places = new Set<number>();
  // The parser can report one mistake twice.
  const errors = document.errors.filter(({ pos: [at] }) => !places.has(at) && places.add(at));
  const first = errors.findIndex(({ code }) => code !== 'DUPLICATE_KEY');
  const causes = first === -1 ? errors : errors.slice(0, first + 1);
  if (causes.length === 0)
    return [...document.warnings.map((warning) => problemOf(warning, document, text)), ...aliasProblems(document)];
  return causes.map((error, i) => {
    const { message, help, offset } = problemOf(error, document, text);
    const hasMore = i === first && errors.length > causes.length;
    return {
      message,
      help: hasMore ? joined(help, 'what comes after it can only be read once this is mended') : help,
      offset,
    };
  });
}

function joined(help: string | undefined, more: string): string {
  return help === undefined ? more : `${help}; ${more}`;
}

/** Returns an error of the parser in our words. */
function problemOf({ code, message, pos: [at] }: YAMLError, document: Document.Parsed, text: string): SyntaxProblem {
  const [, quote] = /^Missing closing (['"])quote/.exec(message) ?? [];
  if (quote !== undefined) {
    const from = Math.max(text.lastIndexOf(quote, at - 1), 0);
    return { message: `this ${quote} is not closed`, help: undefined, offset: from };
  }
  if (/^Flow (map|sequence) .*end with/.test(message)) {
    const from = unclosedIn(document, text) ?? at;
    return { message: `this ${text[from]} is not closed`, help: undefined, offset: from };
  }
  const [ours, help] = (message.startsWith('Nested mappings') ? SECOND_VALUE : WORDS[code]) ?? [];
  if (ours === undefined) return { message: message.split(' at line ')[0] ?? message, help: undefined, offset: at };
  return { message: ours.replace('%', () => wordAt(text, at, code)), help, offset: at + indentAt(text, at, code) };
}

const INDENTED: Words = [
  'this line does not begin in the column of the lines that it belongs to',
  'give all keys of one map, and all items of one list, the same indentation',
];
const SECOND_VALUE: Words = [
  'this value has a `: ` of its own, or the line below it is indented too far',
  'put a text that has `: ` in quotes; begin the keys of one map in one column',
];

type Words = readonly [message: string, help: string];

/** By code: the message, where `%` stands for the word at the place, and what to do. */
const WORDS: Readonly<Partial<Record<YAMLError['code'], Words>>> = {
  DUPLICATE_KEY: ['the key % stands here a second time', 'keep one of the two'],
  TAB_AS_INDENT: ['this line is indented with a tab', 'indent it with spaces'],
  BAD_INDENT: INDENTED,
  BLOCK_AS_IMPLICIT_KEY: INDENTED,
  MULTILINE_IMPLICIT_KEY: [
    'this key has no `: `, or the lines below it are indented too far',
    'write `key: value`, with a space after the colon',
  ],
  MISSING_CHAR: ['this key has no `: `', 'write `key: value`, with a space after the colon'],
  BAD_SCALAR_START: ['a text cannot begin with % here', 'put it in quotes'],
  BAD_DQ_ESCAPE: ['% is no escape', 'write \\\\ for a backslash, or put the text in single quotes'],
  BAD_ALIAS: ['an alias or an anchor needs a name', 'put a text that begins with * or & in quotes'],
  MULTIPLE_DOCS: ['a second document begins here', 'remove the line with ---: a file of a bundle is one document'],
  NON_STRING_KEY: ['this key is a list, a map or an alias', 'write a text as the key'],
  UNEXPECTED_TOKEN: ['this cannot stand here', 'put the whole value in quotes, if it is a text'],
  BLOCK_IN_FLOW: ['this value in brackets has a `: ` of its own', 'put a text that has `: ` in quotes'],
  RESOURCE_EXHAUSTION: ['this is nested too deep to be read', 'write it with fewer levels'],
  TAG_RESOLVE_FAILED: ['the tag % means nothing here', 'remove it; quotes make a text of a value'],
};

/** Returns the length of the white space before the line that has no right indentation. */
function indentAt(text: string, at: number, code: YAMLError['code']): number {
  return code === 'BAD_INDENT' ? (/^[ \t]*/.exec(text.slice(at))?.[0].length ?? 0) : 0;
}

function wordAt(text: string, at: number, code: YAMLError['code']): string {
  if (code === 'BAD_SCALAR_START') return text.charAt(at);
  if (code === 'BAD_DQ_ESCAPE') return text.slice(at, at + 2);
  return /^(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s:,{}[\]]+)/.exec(text.slice(at, at + 200))?.[0] ?? text.charAt(at);
}

/** Returns the offset of the last bracket that is opened and not closed; undefined if none is. */
function unclosedIn(document: Document.Parsed, text: string): number | undefined {
  let found: number | undefined;
  visit(document, {
    Collection(_key, node) {
      const [from, to] = (node as Node).range ?? [0, 0];
      if (!isCollection(node) || node.flow !== true) return;
      const close = text[from] === '{' ? '}' : ']';
      if (to - from < 2 || text[to - 1] !== close) found = Math.max(found ?? 0, from);
    },
  });
  return found;
}

/** Returns the aliases that stand for nothing, or for something that they are in. */
function aliasProblems(document: Document.Parsed): SyntaxProblem[] {
  const problems: SyntaxProblem[] = [];
  visit(document, {
    Alias(_key, node, path) {
      const target = node.resolve(document);
      const offset = node.range?.[0] ?? 0;
      if (target === undefined)
        problems.push({
          message: `there is no anchor ${node.source}`,
          help: 'put a text that begins with * in quotes',
          offset,
        });
      else if (path.includes(target))
        problems.push({
          message: `the alias ${node.source} stands in what it is an alias of`,
          help: 'write the value out',
          offset,
        });
    },
  });
  return problems;
}
