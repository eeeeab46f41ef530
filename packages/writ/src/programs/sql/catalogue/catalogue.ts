import type { RelationName } from '../facts.js';
import { KNOWN_TYPES } from '../known/names.js';
import { NotUnderstood, quoted } from '../not-understood.js';
import { keyOf, type Touched } from '../touched.js';
import type { CatalogRows, CatalogueFile } from './format.js';

type Row<K extends keyof CatalogRows> = NonNullable<CatalogRows[K]>[number];
type FunctionRow = Row<'functions'>;
type TypeRow = Row<'types'>;

/** A relation, with all that reading or writing it touches. */
export interface CatalogueRelation extends RelationName {
  readonly kind: Row<'relations'>['relkind'];
  readonly columnNames: ReadonlySet<string>;
  readonly columns: readonly Row<'columns'>[];
  /** The definition of a view. */
  readonly definition: string | undefined;
  readonly children: readonly RelationName[];
  readonly parents: readonly RelationName[];
  readonly expressions: readonly string[];
  readonly policies: readonly string[];
  readonly triggers: readonly Row<'triggers'>[];
  readonly rules: readonly Row<'rules'>[];
  readonly keys: readonly ForeignKey[];
  readonly keysToIt: readonly ForeignKey[];
}

export interface ForeignKey {
  readonly from: RelationName;
  readonly to: RelationName;
  readonly columns: readonly string[];
  readonly toColumns: readonly string[];
  readonly onDelete: string;
  readonly onUpdate: string;
}

/** Smaller numbers are of what `initdb` makes. */
const FIRST_OF_USERS = 16_384;

/** A snapshot of a database, ready to be asked. It is built once, and asked for every text. */
export class Catalogue {
  private readonly relations = new Map<string, CatalogueRelation>();
  private readonly functionsByName = new Map<string, FunctionRow[]>();
  private readonly functionNames = new Set<string>();
  private readonly functionsByOid = new Map<number, FunctionRow>();
  private readonly types = new Map<string, TypeRow>();
  private readonly typesByOid = new Map<number, TypeRow>();
  /** The types of the columns of a relation or a composite type. */
  private readonly columnTypes = new Map<number, number[]>();
  private readonly unsafeOperators = new Map<string, string>();
  private readonly namesByOid = new Map<number, RelationName>();
  private readonly schemas: ReadonlyMap<number, string>;

  constructor(readonly file: CatalogueFile) {
    const { catalog } = file;
    this.schemas = new Map(catalog.schemas.map(({ oid, nspname }) => [oid, nspname]));
    for (const row of catalog.functions) this.addFunction(row);
    for (const row of catalog.types) {
      this.types.set(keyOf({ schema: this.schemaOf(row.typnamespace), name: row.typname }), row);
      this.typesByOid.set(row.oid, row);
    }
    for (const { oprname, oprnamespace, oprcode, volatility } of catalog.operators) {
      const row = this.functionsByOid.get(oprcode);
      const key = keyOf({ schema: this.schemaOf(oprnamespace), name: oprname });
      // A function of PostgreSQL can have effects, under the name of any operator.
      const isSafe = row === undefined ? volatility === 'i' : this.isSafe(row);
      if (!isSafe) this.unsafeOperators.set(key, row?.proname ?? String(oprcode));
    }
    this.addRelations(catalog);
  }

  /** The path that definitions of views are written for. */
  get searchPath(): readonly string[] {
    return this.file.server.searchPath;
  }

  get serverVersion(): number {
    return this.file.server.version;
  }

  private schemaOf(oid: number): string {
    return this.schemas.get(oid) ?? '';
  }

  private addFunction(row: FunctionRow): void {
    const key = keyOf({ schema: this.schemaOf(row.pronamespace), name: row.proname });
    this.functionsByName.set(key, [...(this.functionsByName.get(key) ?? []), row]);
    this.functionNames.add(row.proname);
    this.functionsByOid.set(row.oid, row);
  }

  private addRelations(catalog: CatalogRows): void {
    for (const { oid, relname, relnamespace } of catalog.relations)
      this.namesByOid.set(oid, { schema: this.schemaOf(relnamespace), name: relname });
    const columns = grouped(catalog.columns, (row) => row.attrelid);
    for (const [oid, rows] of columns)
      this.columnTypes.set(
        oid,
        rows.map(({ atttypid }) => atttypid),
      );
    const columnNames = (of: number, numbers: readonly number[]): string[] =>
      numbers.map((number) => columns.get(of)?.find(({ attnum }) => attnum === number)?.attname ?? '*');
    const keys = catalog.foreignKeys.flatMap((row) => {
      const [from, to] = [this.namesByOid.get(row.conrelid), this.namesByOid.get(row.confrelid)];
      if (from === undefined || to === undefined) return [];
      const ends = {
        columns: columnNames(row.conrelid, row.conkey),
        toColumns: columnNames(row.confrelid, row.confkey),
      };
      return [{ ...row, from, to, ...ends, onDelete: row.confdeltype, onUpdate: row.confupdtype }];
    });
    const parts = {
      definitions: new Map(catalog.views.map(({ oid, def }) => [oid, def])),
      children: grouped(catalog.inherits, (row) => row.inhparent),
      parents: grouped(catalog.inherits, (row) => row.inhrelid),
      expressions: grouped(catalog.expressions, (row) => row.relid),
      policies: grouped(catalog.policies, (row) => row.polrelid),
      triggers: grouped(catalog.triggers, (row) => row.tgrelid),
      rules: grouped(catalog.rules, (row) => row.ev_class),
      from: grouped(keys, (row) => row.conrelid),
      to: grouped(keys, (row) => row.confrelid),
    };
    for (const { oid, relkind, relrowsecurity } of catalog.relations) {
      const name = this.namesByOid.get(oid);
      if (name === undefined) continue;
      const own = columns.get(oid) ?? [];
      const policies = relrowsecurity ? (parts.policies.get(oid) ?? []) : [];
      this.relations.set(keyOf(name), {
        ...name,
        kind: relkind,
        columns: own,
        columnNames: new Set(own.map(({ attname }) => attname)),
        definition: parts.definitions.get(oid),
        children: this.namesOf((parts.children.get(oid) ?? []).map((row) => row.inhrelid)),
        parents: this.namesOf((parts.parents.get(oid) ?? []).map((row) => row.inhparent)),
        expressions: (parts.expressions.get(oid) ?? []).map(({ expr }) => expr),
        policies: policies.flatMap(({ qual, withcheck }) => [qual, withcheck]).filter((one) => typeof one === 'string'),
        triggers: parts.triggers.get(oid) ?? [],
        rules: parts.rules.get(oid) ?? [],
        keys: parts.from.get(oid) ?? [],
        keysToIt: parts.to.get(oid) ?? [],
      });
    }
  }

  private namesOf(oids: readonly number[]): RelationName[] {
    return oids.flatMap((oid) => this.namesByOid.get(oid) ?? []);
  }

  relation(name: RelationName): CatalogueRelation | undefined {
    return this.relations.get(keyOf(name));
  }

  relationOf(oid: number): RelationName | undefined {
    return this.namesByOid.get(oid);
  }

  functions(name: RelationName): readonly FunctionRow[] | undefined {
    return this.functionsByName.get(keyOf(name));
  }

  /** Returns whether a schema has a function of that name. */
  hasFunction(name: string): boolean {
    return this.functionNames.has(name);
  }

  /** Returns the function of a user that an operator may call; undefined if every function is safe. */
  unsafeOperator(operator: RelationName): string | undefined {
    return this.unsafeOperators.get(keyOf(operator));
  }

  type(name: RelationName): { readonly isSafe: boolean; readonly oid: number } | undefined {
    const row = this.types.get(keyOf(name));
    return row === undefined ? undefined : { isSafe: this.isSafeType(row, 0), oid: row.oid };
  }

  /** An enumeration reads a text; a domain also runs its checks, which the expansion reads; a type of an extension is code of the operator's choice. */
  private isSafeType(row: TypeRow, depth: number): boolean {
    if (row.typtype === 'e') return true;
    if (row.typtype === 'b') return typeof row.extension === 'string';
    if (row.typtype !== 'd' || depth > 10) return false;
    if (typeof row.basename === 'string') return KNOWN_TYPES.has(row.basename);
    const base = this.typesByOid.get(row.typbasetype);
    return base !== undefined && this.isSafeType(base, depth + 1);
  }

  /** Returns the checks that the input of a value of a type runs: those of domains, in it and in its parts. */
  checksOf(type: number, seen: Set<number> = new Set()): readonly string[] {
    const row = this.typesByOid.get(type);
    if (row === undefined || seen.has(type)) return [];
    seen.add(type);
    const parts = [row.typbasetype, row.inner, ...(this.columnTypes.get(row.typrelid) ?? [])];
    return [...row.checks, ...parts.flatMap((part) => this.checksOf(part, seen))];
  }

  /** An immutable function that an extension brought is code of the operator's choice, and says that it has no effect. */
  private isSafe({ extension, provolatile, prokind }: FunctionRow): boolean {
    return typeof extension === 'string' && provolatile === 'i' && prokind !== 'p';
  }

  /** Records what a call of a function touches. @throws {NotUnderstood} if one of its overloads is not known */
  call(name: RelationName, touched: Touched): void {
    for (const row of this.functions(name) ?? []) this.runs(row, touched);
  }

  /** As {@link call}, for the function of a trigger. */
  callOf(oid: number, touched: Touched): void {
    const row = this.functionsByOid.get(oid);
    // The functions for triggers that PostgreSQL has touch the row alone.
    if (row === undefined && oid < FIRST_OF_USERS) return;
    if (row === undefined)
      throw new NotUnderstood('trigger', `the function ${oid} of a trigger is not in the catalogue`);
    this.runs(row, touched);
  }

  private runs(row: FunctionRow, touched: Touched): void {
    if (this.isSafe(row)) return;
    const name = { schema: this.schemaOf(row.pronamespace), name: row.proname };
    const { declared } = this.file;
    const said = declared.find((one) => one.schema === name.schema && one.name === name.name && one.body === row.body);
    // The digest of an aggregate does not change with the functions that it is made of.
    if (said === undefined || row.prokind === 'a') {
      const message = `the catalogue does not declare what the function ${quoted(name.schema, name.name)} touches`;
      throw new NotUnderstood('function', message);
    }
    touched.functions.add(`${name.schema}.${name.name}`);
    for (const one of said.reads) touched.read(keyOf(one), ['*'], 'function');
    for (const one of said.writes) touched.write(keyOf(one), ['insert', 'update', 'delete'], ['*'], 'function');
    for (const one of [...said.reads, ...said.writes]) touched.withChildren.add(keyOf(one));
  }

  /** @throws {NotUnderstood} if a cast of a user may run a function that is not known: such casts stand nowhere in a text */
  checkCasts(touched: Touched): void {
    for (const { source, castfunc, volatility } of this.file.catalog.casts) {
      const row = this.functionsByOid.get(castfunc);
      if (row !== undefined) this.runs(row, touched);
      else if (volatility !== 'i')
        throw new NotUnderstood(
          'type',
          `a cast from ${quoted(source)} calls a function of PostgreSQL that may have effects`,
        );
    }
  }
}

function grouped<T>(rows: readonly T[], by: (row: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const group = groups.get(by(row));
    if (group === undefined) groups.set(by(row), [row]);
    else group.push(row);
  }
  return groups;
}
