/** The meanings that a name of a text can have at its place. */

/** Something that FROM, or the target of a statement, names. */
export interface Source {
  /** Its alias, or the name of the relation. */
  readonly name: string | undefined;
  /** The schema that the text names it with. */
  readonly schema?: string | undefined;
  /** The relations whose columns it has, by their key; none for a derived table. */
  readonly relations: readonly string[];
  /** Whether the text gives its columns other names. */
  readonly renamed: boolean;
}

/** The sources of one query. A statement adds them from left to right. */
export type Level = Source[];

export interface Scope {
  /** The names of common table expressions that are visible. */
  readonly expressions: ReadonlySet<string>;
  /** From the innermost query out. */
  readonly levels: readonly Level[];
}

export const NOTHING: Scope = { expressions: new Set(), levels: [] };

/** Returns the scope inside a query with these sources. */
export function within(scope: Scope, level: Level): Scope {
  return { ...scope, levels: [level, ...scope.levels] };
}

export function withExpressions(scope: Scope, names: readonly string[]): Scope {
  return { ...scope, expressions: new Set([...scope.expressions, ...names]) };
}
