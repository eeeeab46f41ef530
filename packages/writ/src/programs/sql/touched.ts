import type { RelationName, StatementKind, Via, WriteKind } from './facts.js';

interface Read {
  readonly columns: Set<string>;
  via: Via | undefined;
}

interface Written extends Read {
  readonly kinds: Set<WriteKind>;
}

/** PostgreSQL has no name with this character. */
const BETWEEN = '\0';

/** Returns the key of a relation: two relations have the same key only if schema and name are the same. */
export function keyOf({ schema, name }: RelationName): string {
  return schema + BETWEEN + name;
}

export function nameOf(key: string): RelationName {
  const end = key.indexOf(BETWEEN);
  return { schema: key.slice(0, end), name: key.slice(end + 1) };
}

/** Everything that a text touches, as far as it is read. Relations are by their key. */
export class Touched {
  readonly reads = new Map<string, Read>();
  readonly writes = new Map<string, Written>();
  readonly functions = new Set<string>();
  readonly locks = new Set<string>();
  readonly kinds = new Set<StatementKind>();
  /** The relations of FROM in their order, so that a row lock finds those of its query. */
  readonly named: string[] = [];
  /** The reads of one relation alone: `ONLY t`. */
  readonly withChildren = new Set<string>();
  /** The types of users that values are cast to, by their number in the catalogue. */
  readonly types = new Set<number>();
  returning = false;
  /** The targets of MERGE: their children are read and locked like those of an UPDATE, whatever it does. */
  readonly merged = new Set<string>();
  /** Whether an UPDATE sets a column to its default. */
  setsDefaults = false;

  read(key: string, columns: Iterable<string> = [], via?: Via): void {
    const read = this.reads.get(key) ?? { columns: new Set<string>(), via };
    for (const column of columns) read.columns.add(column);
    if (via === undefined) read.via = undefined;
    this.reads.set(key, read);
  }

  write(key: string, kinds: Iterable<WriteKind>, columns: Iterable<string> = [], via?: Via): void {
    const written = this.writes.get(key) ?? { columns: new Set<string>(), kinds: new Set<WriteKind>(), via };
    for (const column of columns) written.columns.add(column);
    for (const kind of kinds) written.kinds.add(kind);
    if (via === undefined) written.via = undefined;
    this.writes.set(key, written);
  }
}
