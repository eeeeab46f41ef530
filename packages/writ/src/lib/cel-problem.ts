import type { Environment } from '@marcbachmann/cel-js';
import { closest } from '@writ/cedar';
import { isObject } from '@writ/sdk/lib/is-object';
import { messageOf } from '@writ/sdk/lib/message-of';

/** A mistake in an expression of CEL. */
export interface CelProblem {
  readonly message: string;
  readonly help: string | undefined;
  /** Of the character in the expression where it is, in UTF-16 units. */
  readonly offset: number;
}

/** Returns what an error of parsing or checking says. @param within the environment, for the names that it knows */
export function celProblem(error: unknown, within: Environment): CelProblem {
  const message = inOurWords(messageOf(error).split('\n')[0] ?? '');
  const [, unknown] = /^there is no variable (\S+)$/.exec(message) ?? [];
  const known = unknown === undefined ? [] : within.getDefinitions().variables.map(({ name }) => name);
  const meant = unknown === undefined ? undefined : closest(unknown, known);
  return { message, help: known.length === 0 ? undefined : helpOf(meant, known), offset: startOf(error) };
}

/** The names of the parser for what it reads; those of symbols are left as they are in CEL. */
const TOKENS: Readonly<Record<string, string>> = {
  ...{ EOF: 'the end', IDENTIFIER: 'a name', NUMBER: 'a number', STRING: 'a text', BOOLEAN: 'true or false' },
  ...{ NULL: 'null', PLUS: '`+`', MINUS: '`-`', MULTIPLY: '`*`', DIVIDE: '`/`', MODULO: '`%`', EQ: '`==`', NE: '`!=`' },
  ...{ LT: '`<`', LE: '`<=`', GT: '`>`', GE: '`>=`', AND: '`&&`', OR: '`||`', NOT: '`!`', IN: '`in`' },
  ...{ LPAREN: '`(`', RPAREN: '`)`', LBRACKET: '`[`', RBRACKET: '`]`', LBRACE: '`{`', RBRACE: '`}`', DOT: '`.`' },
  ...{ COMMA: '`,`', COLON: '`:`', QUESTION: '`?`', BYTES: 'bytes' },
};

/** Returns a message of the parser in words that an author knows. */
function inOurWords(message: string): string {
  const token = (name: string): string => TOKENS[name] ?? name;
  return message
    .replace(
      /^Expected ([A-Z]+), got ([A-Z]+)$/,
      (_, wanted, found) => `${token(found)} stands where ${token(wanted)} must stand`,
    )
    .replace(/^Unexpected token: ([A-Z]+)$/, (_, found) =>
      found === 'EOF' ? 'it ends too early' : `${token(found)} cannot stand here`,
    )
    .replace(/^Unexpected character: '?(.)'?$/u, '$1 cannot stand here')
    .replace(/^Unknown variable: (\S+)$/, 'there is no variable $1')
    .replace(/^No such key: (.+)$/, 'there is no member $1')
    .replace(/^Unterminated (triple-quoted )?string$/, 'a quote is not closed')
    .replace(/^no such overload: (.+)$/, '$1 is not possible: the types do not fit')
    .replace(/^found no matching overload for (.+)$/, 'there is no function $1');
}

function helpOf(meant: string | undefined, known: readonly string[]): string {
  return meant === undefined ? `the variables are ${[...known].sort().join(', ')}` : `did you mean ${meant}?`;
}

function startOf(error: unknown): number {
  const range = isObject(error) ? error.range : undefined;
  return isObject(range) && typeof range.start === 'number' ? range.start : 0;
}
