import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Finding } from './check/finding.js';
import { Findings } from './check/findings.js';
import { wording } from './wording.js';

/** A YAML file read into a shape. Without a value if it does not have that shape; the findings then say why. */
interface ReadYaml<T> {
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Reads YAML 1.2 strictly (a key given twice is an error) and checks its shape; findings point into the file.
 *
 * @param absent the value if there is no such file
 */
export function readYaml<T extends z.ZodType>(
  file: string,
  texts: ReadonlyMap<string, string>,
  shape: T,
  absent: object | undefined,
): ReadYaml<z.output<T>> {
  const lines = new LineCounter();
  const text = texts.get(file);
  const document = parseDocument(text ?? '', { lineCounter: lines, strict: true, uniqueKeys: true, version: '1.2' });
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const findings = new Findings(texts);
  if (document.errors.length > 0) {
    const syntax = findings.of('yaml/syntax').in(file);
    for (const { message, pos } of document.errors)
      syntax.error(message.split(' at line ')[0] ?? message, undefined, at(pos[0]));
    return { value: undefined, findings: findings.all };
  }
  const given = text === undefined ? absent : (document.toJS({ maxAliasCount: 100 }) ?? {});
  const result = shape.safeParse(given, { error: wording, reportInput: true });
  if (result.success) return { value: result.data, findings: [] };
  const shapeFindings = findings.of('yaml/shape').in(file);
  for (const issue of result.error.issues.map(innermost)) {
    const isOfKey = isMissing(issue) || issue.code === 'unrecognized_keys';
    shapeFindings.error(messageOf(issue), undefined, isOfKey ? keyOf(issue) : at(offsetOf(issue.path)));
  }
  return { value: undefined, findings: findings.all };

  /** The offset of the deepest part of the path that the file has. */
  function offsetOf(path: readonly PropertyKey[]): number {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  }
}

type Issue = z.core.$ZodIssue;

/** Of the forms of a union, the one that fits furthest into the value says most about what is wrong. */
function innermost(issue: Issue): Issue {
  if (issue.code === 'invalid_union') {
    const forms = issue.errors.map((errors) => errors.map(innermost)).filter((errors) => errors.length > 0);
    const [best] = forms.sort((a, b) => depthOf(b) - depthOf(a));
    const [inner] = best ?? [];
    if (inner !== undefined && depthOf(best ?? []) > 0) return { ...inner, path: [...issue.path, ...inner.path] };
  }
  return issue;
}

function depthOf(issues: readonly Issue[]): number {
  return Math.max(...issues.map(({ path }) => path.length));
}

function isMissing(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.input === undefined && typeof issue.path.at(-1) === 'string';
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
