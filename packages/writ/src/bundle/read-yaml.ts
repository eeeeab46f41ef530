import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Finding } from './check/finding.js';

/** A YAML file read into a shape. Without a value when it does not have that shape; the findings then say why. */
interface ReadYaml<T> {
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
}

/** Reads YAML 1.2 strictly (a key given twice is an error) and checks its shape; findings point into the file. */
export function readYaml<T extends z.ZodType>(file: string, text: string, shape: T): ReadYaml<z.output<T>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true, version: '1.2' });
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (document.errors.length > 0) {
    return {
      value: undefined,
      findings: document.errors.map((error) => ({
        severity: 'error',
        file,
        ...at(error.pos[0]),
        message: error.message.split(' at line ')[0] ?? error.message,
      })),
    };
  }
  const result = shape.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (result.success) return { value: result.data, findings: [] };
  return {
    value: undefined,
    findings: result.error.issues.map((issue) => ({
      severity: 'error',
      file,
      ...at(offsetOf(issue.path)),
      message: `${issue.path.join('.') || 'the file'}: ${issue.message}`,
    })),
  };

  /** The offset of the deepest part of the path that the file has. */
  function offsetOf(path: readonly PropertyKey[]): number {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  }
}
