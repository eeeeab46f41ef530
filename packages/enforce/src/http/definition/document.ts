import { type Json, parseJson } from '@writ/cedar/json';
import { isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { DefinitionError } from '../errors.js';
import type { Pointer, Source } from './problems.js';

/** A JSON or YAML text, read whole, whose values have places. */
export interface Document extends Source {
  readonly root: unknown;
}

const MAX_CHARACTERS = 4 * 2 ** 20;
const MAX_VALUES = 500_000;
const MAX_DEPTH = 100;
const MAX_ALIASES = 100;
const START = { line: 1, column: 1 };

/**
 * Reads a document strictly: a key that is given twice is an error, as is a text that is too large or nested too deep.
 *
 * @throws {DefinitionError} if it cannot be read
 */
export function readDocument(file: string, text: string): Document {
  if (text.length > MAX_CHARACTERS)
    fail(file, START, `the document has ${text.length} characters`, `the limit is ${MAX_CHARACTERS}: divide it`);
  const isJson = text.trimStart().startsWith('{');
  let yaml = isJson ? undefined : readYaml(file, text);
  const root = yaml === undefined ? readJson(file, text) : yaml.root;
  countValues(file, root);
  return {
    file,
    root,
    placeOf: (pointer) => {
      try {
        yaml ??= readYaml(file, text);
        return yaml.placeOf(pointer);
      } catch {
        // JSON that YAML reads otherwise, as with tabs: the file alone is named.
        return START;
      }
    },
  };
}

function readJson(file: string, text: string): Json {
  try {
    return parseJson(text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    const { message, position } = error as Error & { position?: { line: number; column: number } };
    return fail(file, position ?? START, message, 'mend the JSON');
  }
}

function readYaml(file: string, text: string): { readonly root: unknown; placeOf(pointer: Pointer): typeof START } {
  const lines = new LineCounter();
  const at = (offset: number): typeof START => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  let document: ReturnType<typeof parseDocument>;
  let root: unknown;
  try {
    // The parser compares each key with all others of its map: a minute for 100,000 paths.
    document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: false, version: '1.2' });
    const [first] = document.errors;
    if (first !== undefined) fail(file, at(first.pos[0]), causeOf(first.message), 'mend the YAML');
    const second = secondKey(document);
    if (second !== undefined) fail(file, at(second), 'Map keys must be unique', 'mend the YAML');
    root = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (error instanceof DefinitionError) throw error;
    // RangeError of a stack that is too small, or ReferenceError of too many aliases.
    return fail(
      file,
      START,
      `the document cannot be read: ${causeOf((error as Error).message)}`,
      'write it flat, without aliases',
    );
  }
  return {
    root,
    placeOf: (pointer) => {
      for (let length = pointer.length; length > 0; length -= 1) {
        const node = document.getIn(pointer.slice(0, length), true);
        if (isNode(node) && node.range) return at(node.range[0]);
      }
      return START;
    },
  };
}

/** Returns where a key stands that its map already has. */
function secondKey(document: ReturnType<typeof parseDocument>): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map(_key, { items }) {
      const known = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : key;
        if (known.has(name)) {
          found = isNode(key) ? key.range?.[0] : undefined;
          return visit.BREAK;
        }
        known.add(name);
      }
      return undefined;
    },
  });
  return found;
}

function causeOf(message: string): string {
  return /call stack/.test(message) ? 'the document is nested too deep' : (message.split(' at line ')[0] as string);
}

/** Bounds what the readers after this one walk through: aliases let a few lines stand for many values. */
function countValues(file: string, root: unknown): void {
  let values = 0;
  const left: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 0 }];
  while (left.length > 0) {
    const { value, depth } = left.pop() as { value: unknown; depth: number };
    values += 1;
    if (values > MAX_VALUES) fail(file, START, `the document has more than ${MAX_VALUES} values`, 'divide it');
    if (depth > MAX_DEPTH) fail(file, START, `the document is nested deeper than ${MAX_DEPTH} levels`, 'write it flat');
    if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) left.push({ value: inner, depth: depth + 1 });
  }
}

function fail(file: string, place: typeof START, message: string, help: string): never {
  throw new DefinitionError([{ file, line: place.line, column: place.column, message, help }]);
}
