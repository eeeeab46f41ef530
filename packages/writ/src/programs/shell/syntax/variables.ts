import type { Command, Word } from 'unbash';
import { NotUnderstood } from '../not-understood.js';
import type { Binding } from './bindings.js';
import { IDENTIFIER, isDynamic, isRefused } from './names.js';

const INTEGER = /^-?(?:0|[1-9]\d{0,17})$/;

/** Says what the variables of one script hold, as far as that is the same wherever they are used. */
export class Variables {
  private readonly bindings = new Map<string, Binding[]>();
  /** Assignments that run before all that stands after them in their list, with the end of that. */
  private readonly first = new Map<Word, number>();
  private readonly allowed = new Set<number>();
  private readonly values = new Map<string, string | undefined>();
  /** A builtin may assign any variable. */
  private isLost = false;
  /** Uses count as uses at this place if they stand after it: the body of a here document stands after its command. */
  private cap = Number.POSITIVE_INFINITY;
  /** Set by the reader of words, which itself needs the variables. */
  read: (word: Word) => string | undefined = () => undefined;

  bind(binding: Binding): void {
    if (binding.name === '') {
      this.isLost = true;
      return;
    }
    const known = this.bindings.get(binding.name);
    if (known === undefined) this.bindings.set(binding.name, [binding]);
    else known.push(binding);
  }

  /** Notes a command of which it is sure that it runs before the text behind it, up to `end`. */
  noteFirst({ name, prefix, suffix }: Command, end: number): void {
    const [assignment] = name === undefined ? prefix : suffix;
    if (prefix.length + suffix.length !== 1 || assignment?.type !== 'Assignment') return;
    if (name !== undefined && name.text !== 'export') return;
    if (assignment.value.type === 'Word') this.first.set(assignment.value, end);
  }

  /** Runs with each use counted as one at this place. */
  at<T>(pos: number, run: () => T): T {
    const before = this.cap;
    this.cap = Math.min(before, pos);
    try {
      return run();
    } finally {
      this.cap = before;
    }
  }

  /** Returns the one value that the text gives a variable; undefined if there are several, or others. */
  valueAt(name: string, pos: number): string | undefined {
    const [binding, second] = this.bindings.get(name) ?? [];
    if (
      binding?.value === undefined ||
      second !== undefined ||
      this.isLost ||
      binding.kind !== 'word' ||
      isDynamic(name)
    )
      return undefined;
    if (!this.isAfter(binding.value, pos)) return undefined;
    if (!this.values.has(name)) this.values.set(name, this.read(binding.value));
    return this.values.get(name);
  }

  private isAfter(value: Word, pos: number): boolean {
    const end = this.first.get(value);
    const use = Math.min(pos, this.cap);
    return end !== undefined && value.end <= use && use <= end;
  }

  /** Returns the pattern of which a variable holds one file; undefined if it can hold another text. */
  patternAt(name: string, pos: number): Word | undefined {
    const [binding, second] = this.bindings.get(name) ?? [];
    if (
      binding?.pattern === undefined ||
      binding.within === undefined ||
      second !== undefined ||
      this.isLost ||
      isDynamic(name)
    )
      return undefined;
    const [from, to] = binding.within;
    const use = Math.min(pos, this.cap);
    return from <= use && use <= to ? binding.pattern : undefined;
  }

  /** Whether a variable surely holds an integer: to evaluate another text runs the commands in it. */
  isIntegerAt(name: string, pos: number): boolean {
    const bindings = this.bindings.get(name) ?? [];
    if (this.isLost || isDynamic(name) || !bindings.every((binding) => givesInteger(binding))) return false;
    const use = Math.min(pos, this.cap);
    return bindings.some(({ value, within }) => {
      if (within !== undefined) return within[0] <= use && use <= within[1];
      return value !== undefined && this.isAfter(value, pos);
    });
  }

  isArray(name: string): boolean {
    return (this.bindings.get(name) ?? []).some(({ kind }) => kind !== 'word');
  }

  /** Allows the assignment at this place, whatever its name. */
  allow(pos: number): void {
    this.allowed.add(pos);
  }

  /** Refuses names that change what the text runs. */
  check(): void {
    for (const [name, bindings] of this.bindings)
      for (const { kind, pos } of bindings) {
        if (!IDENTIFIER.test(name) && kind !== 'numbers')
          throw new NotUnderstood('variable', name, pos, 'it is not the name of a variable');
        if (isRefused(name) && !this.allowed.has(pos))
          throw new NotUnderstood('variable', name, pos, `${name} changes what the text or its programs run`);
      }
  }
}

function givesInteger({ kind, value }: Binding): boolean {
  if (kind === 'numbers') return true;
  if (kind !== 'word' || value === undefined) return false;
  if (value.parts === undefined) return INTEGER.test(value.value);
  const [part, second] = value.parts;
  if (part === undefined || second !== undefined) return false;
  if (part.type === 'ParameterExpansion') return part.prefix === '#' && part.operation === undefined;
  return part.type === 'ArithmeticExpansion' || (part.type === 'SimpleExpansion' && /^\$[#?]$/.test(part.text));
}
