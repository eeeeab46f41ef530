import { isNode, LineCounter, parseDocument, type YAMLParseError } from 'yaml';
import type { z } from 'zod';
import type { Finding } from './check/finding.js';
import { Findings } from './check/findings.js';
import { type Issue, innermost, isMissing } from './shape-issue.js';
import { wording } from './wording.js';

/** A YAML file read into a shape. Without a value if it does not have that shape; the findings then say why. */
interface ReadYaml<T> {
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
  /** Returns the place of a value; undefined if the file does not have it. */
  readonly pathOf: (path: readonly PropertyKey[]) => Place | undefined;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Changes to the value of a file, from another file. */
export interface Change {
  readonly file: string;
  readonly apply: (value: unknown) => unknown;
  /** Returns the place of a value in the other file; undefined if it does not change that. */
  readonly placeOf: (path: readonly PropertyKey[]) => Place | undefined;
}

/**
 * Reads YAML 1.2 strictly (a key given twice is an error) and checks its shape; findings point into the file.
 *
 * @param absent the value if there is no such file
 * @param change what another file changes, before the shape is checked
 */
export function readYaml<T extends z.ZodType>(
  file: string,
  texts: ReadonlyMap<string, string>,
  shape: T,
  absent: object | undefined,
  change?: Change,
): ReadYaml<z.output<T>> {
  const lines = new LineCounter();
  const text = texts.get(file);
  const document = parseDocument(text ?? '', { lineCounter: lines, strict: true, uniqueKeys: true, version: '1.2' });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const findings = new Findings(texts);
  if (document.errors.length > 0) {
    const syntax = findings.of('yaml/syntax').in(file);
    for (const { message, help, offset } of causesOf(document.errors, text ?? ''))
      syntax.error(message, help, at(offset));
    return { value: undefined, findings: findings.all, pathOf };
  }
  const given = text === undefined ? absent : (document.toJS({ maxAliasCount: 100 }) ?? {});
  const result = shape.safeParse(change === undefined ? given : change.apply(given), {
    error: wording,
    reportInput: true,
  });
  if (result.success) return { value: result.data, findings: [], pathOf };
  const shapeFindings = findings.of('yaml/shape').in(file);
  for (const issue of result.error.issues.map(innermost)) {
    const changed = change?.placeOf(issue.path);
    if (changed !== undefined) {
      findings
        .of('yaml/shape')
        .in(change?.file ?? file)
        .error(messageOf(issue), undefined, changed);
      continue;
    }
    const isOfKey = isMissing(issue) || issue.code === 'unrecognized_keys';
    shapeFindings.error(messageOf(issue), undefined, isOfKey ? keyOf(issue) : at(offsetOf(issue.path)));
  }
  return { value: undefined, findings: findings.all, pathOf };

  function pathOf(path: readonly PropertyKey[]): Place | undefined {
    const node = path.length === 0 ? undefined : document.getIn(path, true);
    return isNode(node) && node.range ? at(node.range[0]) : undefined;
  }

  /** The offset of the deepest part of the path that the file has. */
  function offsetOf(path: readonly PropertyKey[]): number {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  }
}

/**
 * Returns the errors of a text that are mistakes of their own: every key that is given twice, up to the first error of another sort. From
 * there on the text is read in another way than it was meant, and each of its lines can be an error.
 */
function causesOf(
  errors: readonly YAMLParseError[],
  text: string,
): { readonly message: string; readonly help: string | undefined; readonly offset: number }[] {
  const first = errors.findIndex(({ code }) => code !== 'DUPLICATE_KEY');
  const causes = first === -1 ? errors : errors.slice(0, first + 1);
  return causes.map(({ code, message, pos: [end] }, i) => {
    const more = errors.length - causes.length;
    const help = i === first && more > 0 ? 'what comes after it can only be read once this is mended' : undefined;
    const [, quote] = code === 'MISSING_CHAR' ? (/^Missing closing (['"])quote/.exec(message) ?? []) : [];
    if (quote === undefined) return { message: message.split(' at line ')[0] ?? message, help, offset: end };
    return { message: `this ${quote} is not closed`, help, offset: Math.max(text.lastIndexOf(quote, end - 1), 0) };
  });
}

/** The way to the key that is too many, or that another is missing under. */
function keyOf(issue: Issue): readonly PropertyKey[] {
  return issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path.slice(0, -1);
}

function messageOf(issue: Issue): string {
  const { path, message } = issue;
  if (isMissing(issue)) return `${path.slice(0, -1).join('.') || 'the file'} needs ${String(path.at(-1))}${message}`;
  return `${path.join('.') || 'the file'}: ${message}`;
}
