import type { Document } from '../definition/document.js';
import { type Pointer, type Problems, quoted } from '../definition/problems.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A value of a document, with the way to it. A value behind a reference has the way of its target. */
export interface Located {
  readonly value: unknown;
  readonly at: Pointer;
}

const MAX_HOPS = 16;
/** References and choices can be written so that a few lines stand for millions. */
const MAX_PARTS = 100_000;
/** Members beside a `$ref` that say nothing of what it means. */
const NOTES: ReadonlySet<string> = new Set(['$ref', 'summary', 'description', '$comment', 'deprecated', 'title']);

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A document as its parts are read: references are followed inside it, problems are collected. */
export class Reading {
  private parts = 0;

  constructor(
    readonly document: Document,
    private readonly problems: Problems,
  ) {}

  problem(at: Pointer, message: string, help: string): undefined {
    this.problems.add(this.document, at, message, help);
    return undefined;
  }

  /** Returns an object, behind references if it has one; undefined, with a problem, if it is something else. */
  object({ value, at }: Located, called: string): { readonly value: JsonObject; readonly at: Pointer } | undefined {
    this.parts += 1;
    if (this.parts > MAX_PARTS) {
      this.problem(
        at,
        'the document refers to its parts too often',
        'write schemas of parameters plainly, or divide the document',
      );
      this.problems.throwIfAny();
    }
    const found = this.resolved({ value, at });
    if (found === undefined) return undefined;
    if (isObject(found.value)) return { value: found.value, at: found.at };
    return this.problem(found.at, `${called} is not an object`, 'write it as the OpenAPI specification has it');
  }

  /** Returns the value that a reference names; the value itself if it is no reference. */
  private resolved(start: Located): Located | undefined {
    let { value, at } = start;
    for (let hops = 0; isObject(value) && Object.hasOwn(value, '$ref'); hops += 1) {
      const { $ref: ref } = value;
      if (hops >= MAX_HOPS)
        return this.problem(
          start.at,
          'this reference leads to itself, or through too many others',
          'refer to the part itself',
        );
      if (typeof ref !== 'string' || !ref.startsWith('#/'))
        return this.problem(
          [...at, '$ref'],
          `${quoted(ref)} is outside the document, and nothing is fetched`,
          'copy the part into the document, and refer to it as #/components/…',
        );
      const more = Object.keys(value).filter((key) => !NOTES.has(key) && !key.startsWith('x-'));
      if (more.length > 0)
        return this.problem(
          at,
          `${quoted(more[0])} stands beside $ref, and tools read that differently`,
          'move it to the part that is referred to',
        );
      const found = this.find(ref);
      if (found === undefined)
        return this.problem([...at, '$ref'], `${quoted(ref)} is not in the document`, 'mend the reference');
      ({ value, at } = found);
    }
    return { value, at };
  }

  private find(ref: string): Located | undefined {
    const at: string[] = [];
    let value: unknown = this.document.root;
    for (const part of ref.slice(2).split('/')) {
      const name = unescaped(part);
      if (name === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
        return undefined;
      value = (value as JsonObject)[name];
      at.push(name);
    }
    return { value, at };
  }
}

function unescaped(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
}

/** Returns the entries of an object, each with its place; empty for another value. */
export function entriesOf(
  value: unknown,
  at: Pointer,
): { readonly key: string; readonly value: unknown; readonly at: Pointer }[] {
  if (!isObject(value)) return [];
  return Object.entries(value).map(([key, inner]) => ({ key, value: inner, at: [...at, key] }));
}
