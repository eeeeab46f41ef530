import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml';
import { offsetInScalar } from './scalar-offset.js';

/** A line and a column, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The key at the end of a way through a YAML or JSON file, or its value. */
export interface YamlPart {
  readonly path: readonly PropertyKey[];
  readonly part: 'key' | 'value';
  /** How far into the text of the key or of the value, in UTF-16 units of the text as it is read. */
  readonly offset: number;
}

/** Names a key as the place of a finding. @param offset of a character in the key, for a key that is an expression */
export function keyAt(path: readonly PropertyKey[], offset = 0): YamlPart {
  return { path, part: 'key', offset };
}

/** Names a value as the place of a finding. @param offset of a character in the value, for a value that is an expression */
export function valueAt(path: readonly PropertyKey[], offset = 0): YamlPart {
  return { path, part: 'value', offset };
}

/** The places of the keys and values of a YAML 1.2 or JSON text. It is read strictly: a key given twice is an error. */
export class YamlPlaces {
  readonly document: Document.Parsed;
  private readonly lines = new LineCounter();

  constructor(private readonly text: string) {
    this.document = parseDocument(text, {
      lineCounter: this.lines,
      ...{ strict: true, uniqueKeys: true, stringKeys: true, version: '1.2', logLevel: 'error' },
    });
  }

  /** Returns the place of an offset in the text. */
  at(offset: number): Place {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  /** Returns whether the text has something at the end of a way. */
  has(path: readonly PropertyKey[]): boolean {
    return this.slots(path).length > path.length;
  }

  /** Returns whether the text has a value at the end of a way that is no map of further members. */
  hasLeaf(path: readonly PropertyKey[]): boolean {
    return this.has(path) && !isMap(this.slots(path).at(-1)?.value);
  }

  /** Returns the place of a part; of the key of the deepest part on the way, if the text ends before. */
  placeOf({ path, part, offset }: YamlPart): Place {
    const slots = this.slots(path);
    const last = slots.at(-1);
    if (last === undefined) return { line: 1, column: 1 };
    const isThere = slots.length > path.length;
    const { key, value } = last;
    const node = isThere && part === 'value' && (key === undefined || isWrittenBeside(value)) ? value : (key ?? value);
    return this.at(this.offsetIn(node, isThere ? offset : 0));
  }

  private offsetIn(node: Node | undefined, offset: number): number {
    if (node?.range == null) return 0;
    return isScalar(node) && offset > 0 ? offsetInScalar(this.text, node, offset) : node.range[0];
  }

  /** Returns the whole, and each part on a way, down to the last that the text has. */
  private slots(path: readonly PropertyKey[]): Slot[] {
    const { contents } = this.document;
    const slots: Slot[] = contents === null ? [] : [{ key: undefined, value: contents }];
    for (const key of path) {
      const slot = this.within(slots.at(-1)?.value, key);
      if (slot === undefined) break;
      slots.push(slot);
    }
    return slots;
  }

  private within(node: Node | undefined, key: PropertyKey): Slot | undefined {
    const parent = isAlias(node) ? node.resolve(this.document) : node;
    if (isMap(parent)) {
      const pair = parent.items.find(({ key: one }) => isScalar(one) && String(one.value) === String(key));
      if (pair === undefined) return undefined;
      return { key: nodeOf(pair.key), value: nodeOf(pair.value) };
    }
    const item = isCollection(parent) ? nodeOf(parent.get(key, true)) : undefined;
    return item && { key: undefined, value: item };
  }
}

/** A part of a text. The key of an item of a list, and of the whole, is undefined. */
interface Slot {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

function nodeOf(value: unknown): Node | undefined {
  return isNode(value) ? value : undefined;
}

/** Returns whether a value has a place of its own: a key without a value has none, and a block below its key begins on another line. */
function isWrittenBeside(value: Node | undefined): boolean {
  if (value?.range == null) return false;
  return isCollection(value) ? value.flow === true : value.range[1] > value.range[0];
}
