import { NO_FACTS, notUnderstood, type ProgramFacts } from './facts.js';
import type { Catalogue } from './sql/catalogue/catalogue.js';
import type { RelationName, SqlFacts } from './sql/facts.js';
import { readSql } from './sql/read-sql.js';

const USUAL_PATH: readonly string[] = ['public'];

/** Returns what reads statements in SQL. Rows that a text locks count as written, and those that a foreign key locks do not. */
export function sqlReader(
  searchPath: readonly string[] = USUAL_PATH,
  catalogue?: Catalogue | undefined,
): (text: string) => ProgramFacts {
  const options = { searchPath, catalogue };
  return (text) => factsOf(readSql(text, options));
}

function factsOf(facts: SqlFacts): ProgramFacts {
  if (!facts.understood) return notUnderstood('sql', facts.reason, facts.text);
  const { kinds, reads, writes, locks, functions } = facts;
  const relations = [...reads, ...writes];
  return {
    ...NO_FACTS,
    language: 'sql',
    statements: [...new Set([...kinds, ...writes.flatMap((one) => one.kinds)])],
    reads: namesOf(reads),
    writes: namesOf([
      ...writes,
      ...locks.filter((one) => !reads.some((read) => isSame(read, one) && read.via === 'foreign key')),
    ]),
    columns: [...new Set(relations.flatMap((one) => one.columns.map((column) => `${nameOf(one)}.${column}`)))],
    functions,
  };
}

function isSame(a: RelationName, b: RelationName): boolean {
  return a.schema === b.schema && a.name === b.name;
}

function namesOf(relations: readonly RelationName[]): readonly string[] {
  return [...new Set(relations.map(nameOf))];
}

function nameOf({ schema, name }: RelationName): string {
  return `${part(schema)}.${part(name)}`;
}

/** A name with a dot is quoted: otherwise two relations had one text. */
function part(name: string): string {
  return /[."]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
