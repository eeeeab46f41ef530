import type { Document } from 'yaml';
import type { z } from 'zod';
import type { Finding } from './check/finding.js';
import { Findings } from './check/findings.js';
import { keyAt, type Place, valueAt, YamlPlaces } from './check/yaml-places.js';
import { ShapeProblems } from './shape-problems.js';
import { syntaxProblems } from './yaml-syntax.js';

/** A YAML file read into a shape. Without a value if it does not have that shape; the findings then say why. */
interface ReadYaml<T> {
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
  /** Returns the place of a value; undefined if the file does not have it. */
  readonly pathOf: (path: readonly PropertyKey[]) => Place | undefined;
}

/** Changes to the value of a file, from another file. */
export interface Change {
  readonly file: string;
  readonly apply: (value: unknown) => unknown;
  /** Returns the place of a value in the other file; undefined if it does not change that. */
  readonly placeOf: (path: readonly PropertyKey[]) => Place | undefined;
}

/** How often aliases may repeat a value. */
const MAX_ALIASES = 100;

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
  const text = texts.get(file);
  const places = new YamlPlaces(text ?? '');
  const findings = new Findings(texts);
  const syntax = findings.of('yaml/syntax').in(file);
  const pathOf = (path: readonly PropertyKey[]): Place | undefined =>
    path.length > 0 && places.has(path) ? places.placeOf(valueAt(path)) : undefined;

  for (const { message, help, offset } of syntaxProblems(places.document, text ?? ''))
    syntax.error(message, help, places.at(offset));
  if (findings.hasErrors) return { value: undefined, findings: findings.all, pathOf };
  const given = text === undefined ? absent : dataOf(places.document);
  if (given === TOO_MUCH) {
    syntax.error('the aliases of this file repeat too much', 'write the values out', keyAt([]));
    return { value: undefined, findings: findings.all, pathOf };
  }

  const problems = new ShapeProblems();
  const whole = change === undefined ? given : change.apply(given);
  const result = shape.safeParse(whole, {
    error: problems.error,
    reportInput: true,
  });
  if (result.success) return { value: result.data, findings: [], pathOf };
  const placed = problems.of(result.error.issues, whole).map((problem) => {
    const changed = change?.placeOf(problem.part.path);
    return changed === undefined
      ? { ...problem, in: file, at: places.placeOf(problem.part) }
      : { ...problem, in: change?.file ?? file, at: changed };
  });
  placed.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  for (const problem of placed)
    findings.of('yaml/shape').in(problem.in).error(problem.message, problem.help, problem.at);
  return { value: undefined, findings: findings.all, pathOf };
}

const TOO_MUCH = Symbol('too much');

/** Returns the value of a document, or {@link TOO_MUCH}. */
function dataOf(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  } catch (error) {
    if (error instanceof ReferenceError) return TOO_MUCH;
    throw error;
  }
}
