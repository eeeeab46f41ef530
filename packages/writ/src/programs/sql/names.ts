import type { Catalogue } from './catalogue/catalogue.js';
import type { RelationName } from './facts.js';
import { HARMLESS_FUNCTIONS } from './known/functions.js';
import { KNOWN_OPERATORS, KNOWN_TYPES, SYSTEM_COLUMNS, SYSTEM_RELATIONS } from './known/names.js';
import { at, NotUnderstood, quoted } from './not-understood.js';

const CATALOG = 'pg_catalog';

interface Allowance {
  /** A default advances sequences, which the catalogue names. */
  readonly sequences?: boolean;
  /** A relation is read: its expressions run as far as they are constant, when the statement is planned. */
  readonly callsOfRows?: boolean;
}

/**
 * Says what names mean under a search path, as PostgreSQL does: `pg_catalog` first, then the schemas of the path in their order.
 * Without a catalogue nothing is known of the relations, functions, operators and types of users.
 */
export class Names {
  constructor(
    private readonly searchPath: readonly string[],
    readonly catalogue: Catalogue | undefined,
    /** The rules for an expression of the catalogue; a text of a caller may nothing of it. */
    readonly may: Allowance = {},
  ) {}

  /** @throws {NotUnderstood} if it cannot be said which relation is meant */
  relation(schema: string | undefined, name: string, location: unknown): RelationName {
    if (schema !== undefined) return this.qualified(schema, name, location);
    if (SYSTEM_RELATIONS.has(name)) return { schema: CATALOG, name };
    if (this.catalogue !== undefined) {
      const found = this.searchPath.find((one) => this.catalogue?.relation({ schema: one, name }) !== undefined);
      if (found !== undefined) return { schema: found, name };
      throw unknownRelation(name, location, `no schema of the search path has it in the catalogue`);
    }
    if (name.startsWith('pg_')) throw unknownRelation(name, location, 'names with pg_ are of PostgreSQL');
    const [only, ...others] = this.searchPath;
    if (only === undefined || others.length > 0)
      throw unknownRelation(name, location, 'write its schema, or declare one schema or a catalogue');
    return { schema: only, name };
  }

  private qualified(schema: string, name: string, location: unknown): RelationName {
    if (schema === CATALOG) {
      if (SYSTEM_RELATIONS.has(name)) return { schema, name };
      throw unknownRelation(`${schema}.${name}`, location, 'it is not on the list of system relations');
    }
    if (schema.startsWith('pg_')) throw unknownRelation(`${schema}.${name}`, location, 'its schema is of PostgreSQL');
    if (schema === 'information_schema' || this.catalogue === undefined) return { schema, name };
    if (this.catalogue.relation({ schema, name }) !== undefined) return { schema, name };
    throw unknownRelation(`${schema}.${name}`, location, 'it is not in the catalogue');
  }

  /** Returns the columns of a relation; undefined if they are not known. */
  columns(name: RelationName): ReadonlySet<string> | undefined {
    return this.catalogue?.relation(name)?.columnNames;
  }

  /** Returns whether a relation may have a column of that name. */
  mayHave(name: RelationName, column: string): boolean {
    return SYSTEM_COLUMNS.has(column) || (this.columns(name)?.has(column) ?? true);
  }

  /** Returns the functions of users that a call may mean; a name with its schema if it is one of PostgreSQL. @throws {NotUnderstood} */
  functions(
    parts: readonly string[],
    location: unknown,
  ): readonly { readonly schema: string; readonly name: string }[] {
    const name = parts[parts.length - 1] ?? '';
    const unknown = new NotUnderstood(
      'function',
      `the function ${quoted(...parts)}${at(location)} is not on the list of functions without effects`,
    );
    if (parts.length > 2) throw unknown;
    const schema = parts.length === 2 ? parts[0] : undefined;
    const isHarmless = HARMLESS_FUNCTIONS.has(name) || (this.may.sequences === true && name === 'nextval');
    if (schema === CATALOG) {
      if (isHarmless) return [{ schema, name }];
      throw unknown;
    }
    const schemas = schema === undefined ? this.searchPath : [schema];
    const own = schemas.filter((one) => this.catalogue?.functions({ schema: one, name }) !== undefined);
    const builtIn = schema === undefined && isHarmless ? [CATALOG] : [];
    const all = [...builtIn, ...own].map((one) => ({ schema: one, name }));
    if (all.length === 0) throw unknown;
    return all;
  }

  /** Refuses what stands as `a.b` and is no column, if it can be a call of a function of a user: `b(a)`. @throws {NotUnderstood} */
  checkAttribute(name: string, location: unknown): void {
    const isFunction = this.catalogue?.hasFunction(name) ?? false;
    if (isFunction)
      throw new NotUnderstood('function', `${quoted(name)}${at(location)} is no column, and may call a function`);
  }

  /** @throws {NotUnderstood} if an operator is not one of PostgreSQL, or may be another */
  checkOperator(parts: readonly string[], location: unknown): void {
    const symbol = parts[parts.length - 1] ?? '';
    const isBuiltIn = parts.length === 1 || (parts.length === 2 && parts[0] === CATALOG);
    const why = !isBuiltIn || !KNOWN_OPERATORS.has(symbol) ? 'it is not one of PostgreSQL' : undefined;
    const other = this.searchPath
      .map((schema) => this.catalogue?.unsafeOperator({ schema, name: symbol }))
      .find((one) => one !== undefined);
    const said =
      why ?? (other === undefined || parts.length > 1 ? undefined : `it may call the function ${quoted(other)}`);
    if (said !== undefined)
      throw new NotUnderstood('operator', `the operator ${quoted(...parts)}${at(location)} is not understood: ${said}`);
  }

  /**
   * Returns the number of a type of a user in the catalogue; undefined for a type of PostgreSQL.
   *
   * @throws {NotUnderstood} if a type is not known, or the input of a value runs what is not known
   */
  type(parts: readonly string[], location: unknown): number | undefined {
    const [schema, name] = parts.length === 1 ? [undefined, parts[0] ?? ''] : [parts[0], parts[1] ?? ''];
    if (parts.length <= 2 && (schema === undefined || schema === CATALOG) && KNOWN_TYPES.has(name)) return undefined;
    const schemas = parts.length > 2 ? [] : schema === undefined ? this.searchPath : [schema];
    const types = schemas.map((one) => this.catalogue?.type({ schema: one, name }));
    const found = types.find((one) => one !== undefined);
    if (found?.isSafe === true) return found.oid;
    throw new NotUnderstood('type', `the type ${quoted(...parts)}${at(location)} is not on the list of known types`);
  }
}

function unknownRelation(name: string, location: unknown, why: string): NotUnderstood {
  return new NotUnderstood('relation', `the relation ${quoted(name)}${at(location)} is not understood: ${why}`);
}
