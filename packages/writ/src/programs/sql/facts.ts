/** The facts of a text in SQL (docs/programs-sql.md). */
export type SqlFacts = UnderstoodSql | NotUnderstoodSql;

export type StatementKind = 'select' | 'insert' | 'update' | 'delete' | 'merge';

/** The changes of rows of a relation that is written. */
export type WriteKind = 'insert' | 'update' | 'delete';

/** How a relation that the text does not name is reached. */
export type Via =
  | 'view'
  | 'partition'
  | 'inheritance'
  | 'trigger'
  | 'foreign key'
  | 'default'
  | 'policy'
  | 'expression'
  | 'function';

export interface RelationName {
  readonly schema: string;
  readonly name: string;
}

interface ReadRelation extends RelationName {
  /** In order; `*` for all columns. Without a catalogue also names that may be of another relation of the text. */
  readonly columns: readonly string[];
  /** Undefined if the text names it. */
  readonly via?: Via;
}

interface WrittenRelation extends ReadRelation {
  readonly kinds: readonly WriteKind[];
}

export interface UnderstoodSql {
  readonly language: 'sql';
  readonly understood: true;
  /** Of the whole statement. */
  readonly kind: StatementKind;
  /** Of the statement, and of all that it contains: common table expressions write too. */
  readonly kinds: readonly StatementKind[];
  readonly reads: readonly ReadRelation[];
  readonly writes: readonly WrittenRelation[];
  /** With their schema. */
  readonly functions: readonly string[];
  /** The relations whose rows stay locked until the transaction ends. */
  readonly locks: readonly RelationName[];
  readonly returning: boolean;
  /** The most rows of the answer, if the text says so as a number. */
  readonly limit?: number;
}

export type NotUnderstoodCode =
  | 'text'
  | 'syntax'
  | 'statement'
  | 'node'
  | 'size'
  | 'name'
  | 'relation'
  | 'column'
  | 'function'
  | 'operator'
  | 'type'
  | 'trigger'
  | 'rule'
  | 'catalogue'
  | 'search-path'
  | 'parser';

export interface NotUnderstoodSql {
  readonly language: 'sql';
  readonly understood: false;
  readonly reason: NotUnderstoodCode;
  /** A sentence that says the part, its place and the reason. */
  readonly text: string;
}
