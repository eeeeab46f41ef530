import type { TaskKey } from '../../lib/ids.js';
import { LineageTracedValues, type TracedValues } from './known-values.js';
import { TaskValues } from './task-values.js';

/** The most tasks and parts of lineages that are remembered, and the most characters of all. The one changed longest ago goes first. */
const MAX_UNITS = 20_000;
const MAX_CHARACTERS = 256 * 2 ** 20;
/** The most lineages of which it is known that something was forgotten. */
const MAX_LINEAGES = 20_000;
/** The most parts of one lineage, and of a window. A part is forgotten whole. */
const MAX_PARTS = 8;
const PARTS_OF_WINDOW = 4;
/** The most pages of a part: what is within them is remembered whole. */
const MAX_PAGES = 60;

/** The values that tasks of one lineage have read for some time. */
interface Part {
  readonly unit: string;
  readonly since: number;
  lastAt: number;
  pages: number;
}

interface Lineage {
  parts: Part[];
  /** When something was forgotten that still counts, in milliseconds since the epoch. */
  lostAt: number;
  /** When it read what was never indexed, or is forgotten since a restart. */
  unreadAt: number;
}

/**
 * The values that tasks know: the prompts and approvals of each task, and what the tasks of each lineage have read within a window. In
 * memory: a value from before a restart is not found, and counts as external.
 */
export class ValueIndex {
  /** For how long what a task has read counts for its lineage, in milliseconds. */
  windowMs = 24 * 60 * 60_000;
  private readonly units = new Map<string, TaskValues>();
  private readonly lineages = new Map<string, Lineage>();
  private characters = 0;
  private made = 0;

  /** Returns the values of a task alone; undefined if it has none, or they were evicted. */
  of(task: TaskKey): TaskValues | undefined {
    return this.units.get(unitOf(task));
  }

  /** Returns the values that arguments in a task are traced to; undefined if no value is known. */
  known(task: TaskKey, lineage: string, now: Date): TracedValues | undefined {
    const own = this.of(task);
    const known = this.lineages.get(lineage);
    if (known === undefined) return own;
    const at = now.getTime();
    this.forget(known, at);
    const read: TaskValues[] = [];
    for (const { unit } of known.parts) {
      const values = this.units.get(unit);
      if (values !== undefined) read.push(values);
    }
    return new LineageTracedValues(own, read, {
      isPartial: at - known.lostAt < this.windowMs,
      hasUnread: at - known.unreadAt < this.windowMs,
    });
  }

  /** Changes the values of a task alone. */
  update(task: TaskKey, change: (values: TaskValues) => void): void {
    this.change(unitOf(task), change);
  }

  /** Adds a page of what a task of a lineage has read. */
  addRead(lineage: string, now: Date, add: (values: TaskValues) => void): void {
    const at = now.getTime();
    const known = this.lineage(lineage);
    this.forget(known, at);
    const part = this.openPart(known, at);
    part.pages += 1;
    part.lastAt = Math.max(part.lastAt, at);
    this.change(part.unit, add);
    if (this.units.get(part.unit)?.isWhole === false) known.lostAt = at;
  }

  /** Notes that a lineage read something whose values are not known: nobody looked it through, or it was before a restart. */
  noteUnread(lineage: string, at: number): void {
    const known = this.lineage(lineage);
    known.unreadAt = Math.max(known.unreadAt, at);
  }

  private lineage(name: string): Lineage {
    const never = Number.NEGATIVE_INFINITY;
    const known = this.lineages.get(name) ?? { parts: [], lostAt: never, unreadAt: never };
    this.lineages.delete(name);
    this.lineages.set(name, known);
    const [oldest] = this.lineages.keys();
    if (this.lineages.size > MAX_LINEAGES && oldest !== undefined) this.removeLineage(oldest);
    return known;
  }

  /** Takes labels off everything that tasks of a lineage have read so far. */
  declassifyRead(lineage: string, labels: readonly string[]): void {
    for (const { unit } of this.lineages.get(lineage)?.parts ?? []) this.units.get(unit)?.declassify(labels);
  }

  private openPart(known: Lineage, at: number): Part {
    const last = known.parts.at(-1);
    const isOpen = last !== undefined && last.pages < MAX_PAGES && at - last.since < this.windowMs / PARTS_OF_WINDOW;
    if (isOpen) return last;
    this.made += 1;
    const part: Part = { unit: `read ${this.made}`, since: at, lastAt: at, pages: 0 };
    known.parts.push(part);
    if (known.parts.length > MAX_PARTS) {
      this.remove((known.parts.shift() as Part).unit);
      known.lostAt = at;
    }
    return part;
  }

  /** Forgets what is past the window, and notes what was evicted within it. */
  private forget(known: Lineage, at: number): void {
    if (known.parts.every(({ unit, lastAt }) => at - lastAt < this.windowMs && this.units.has(unit))) return;
    known.parts = known.parts.filter(({ unit, lastAt, pages }) => {
      const isOver = at - lastAt >= this.windowMs;
      if (isOver) this.remove(unit);
      else if (pages > 0 && !this.units.has(unit)) known.lostAt = at;
      return !isOver && this.units.has(unit);
    });
  }

  private change(unit: string, change: (values: TaskValues) => void): void {
    const values = this.units.get(unit) ?? new TaskValues();
    this.units.delete(unit);
    this.units.set(unit, values);
    const before = values.size;
    change(values);
    this.characters += values.size - before;
    for (const oldest of this.units.keys()) {
      if (this.units.size <= MAX_UNITS && this.characters <= MAX_CHARACTERS) return;
      if (oldest === unit) return;
      this.remove(oldest);
    }
  }

  private removeLineage(lineage: string): void {
    for (const { unit } of this.lineages.get(lineage)?.parts ?? []) this.remove(unit);
    this.lineages.delete(lineage);
  }

  private remove(unit: string): void {
    this.characters -= this.units.get(unit)?.size ?? 0;
    this.units.delete(unit);
  }
}

function unitOf(task: TaskKey): string {
  return `task ${task}`;
}
