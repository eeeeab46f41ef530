import type { RelationName, Via, WriteKind } from '../facts.js';
import { NotUnderstood, quoted } from '../not-understood.js';
import { keyOf, nameOf, Touched } from '../touched.js';
import type { Catalogue, CatalogueRelation, ForeignKey } from './catalogue.js';

/** The moment at which an expression runs. The constant parts of one that is `planned` run with every statement. */
export type ExpressionUse = 'run' | 'default' | 'planned';

/** Reads a text of the catalogue: the definition of a view, or an expression of a relation. */
export interface CatalogueReader {
  view(key: string, definition: string): Touched;
  expression(text: string, of: string, use: ExpressionUse): Touched;
}

const MAX_STEPS = 5_000;
/** Bits of pg_trigger.tgtype. */
const EVENT: Readonly<Record<WriteKind, number>> = { insert: 4, delete: 8, update: 16 };
const INSTEAD = 64;
/** pg_rewrite.ev_type. */
const RULE: Readonly<Record<WriteKind, string>> = { update: '2', insert: '3', delete: '4' };
const DISABLED = 'D';

/**
 * Adds what stands behind the relations of a text: what views are made of, partitions and children, what triggers, defaults,
 * policies, checks and foreign keys touch.
 */
export class Expansion {
  private readonly done = new Set<string>();

  constructor(
    private readonly catalogue: Catalogue,
    private readonly reader: CatalogueReader,
    private readonly touched: Touched,
  ) {}

  /** @throws {NotUnderstood} if something behind a relation is not known */
  run(): void {
    this.catalogue.checkCasts(this.touched);
    this.all(this.touched);
  }

  /** Adds everything behind all that a text touches: this one, or a text of the catalogue. */
  private all(from: Touched, via?: Via, isLocked = false): void {
    for (const [key, { columns, via: own }] of [...from.reads])
      this.read(key, columns, via ?? own, from.withChildren.has(key), isLocked || from.locks.has(key));
    for (const [key, { kinds, columns, via: own }] of [...from.writes])
      this.write(key, kinds, columns, via ?? own, from.withChildren.has(key));
    for (const name of from.functions) this.touched.functions.add(name);
    for (const type of from.types) this.checkDomain(type, 'expression');
  }

  private checkDomain(type: number, via: Via): void {
    if (!this.isNew('type', type)) return;
    for (const text of this.catalogue.checksOf(type)) this.all(this.reader.expression(text, '', 'run'), via);
  }

  /** Returns whether something was not done before. A step with other columns is another one. */
  private isNew(what: string, key: unknown, how = '', columns: Iterable<string> = []): boolean {
    const step = `${what} ${how} ${key} ${[...columns].join('\0')}`;
    if (this.done.has(step)) return false;
    if (this.done.size >= MAX_STEPS)
      throw new NotUnderstood('size', `the text touches more than ${MAX_STEPS} things by the catalogue`);
    this.done.add(step);
    return true;
  }

  private read(
    key: string,
    columns: Iterable<string>,
    via: Via | undefined,
    withChildren: boolean,
    isLocked: boolean,
  ): void {
    this.touched.read(key, columns, via);
    if (isLocked) this.touched.locks.add(key);
    if (!this.isNew('read', key, `${withChildren} ${isLocked}`, columns)) return;
    const relation = this.relation(key);
    if (relation === undefined) return;
    if (relation.kind === 'f')
      throw new NotUnderstood(
        'relation',
        `${quoted(relation.schema, relation.name)} is a foreign table, outside of the database`,
      );
    if (relation.definition !== undefined) this.all(this.reader.view(key, relation.definition), 'view', isLocked);
    for (const text of relation.policies) this.all(this.reader.expression(text, key, 'run'), 'policy');
    this.plan(relation, key);
    this.readTypes(relation, columns);
    if (withChildren) this.eachChild(relation, (child, how) => this.read(child, columns, how, true, isLocked));
    this.readParents(relation);
  }

  /** The planner works out what is constant in checks, and in the expressions of indexes and statistics. */
  private plan({ expressions }: CatalogueRelation, key: string): void {
    if (!this.isNew('plan', key)) return;
    for (const text of expressions) this.all(this.reader.expression(text, key, 'planned'), 'expression');
  }

  /** A text beside a column or a row becomes a value of its type: `coalesce(row, '(1)')`. */
  private readTypes(relation: CatalogueRelation, columns: Iterable<string>): void {
    const names = new Set(columns);
    for (const { attname, atttypid } of relation.columns)
      if (names.has('*') || names.has(attname)) this.checkDomain(atttypid, 'expression');
  }

  /** The bound of a partition is of its parents, so that these are opened. */
  private readParents(relation: CatalogueRelation): void {
    for (const parent of relation.parents) {
      const key = keyOf(parent);
      this.touched.read(key, [], 'partition');
      const above = this.relation(key);
      if (above === undefined || !this.isNew('parents', key)) continue;
      // The key of its partitions is planned too.
      this.plan(above, key);
      this.readParents(above);
    }
  }

  private eachChild({ kind, children }: CatalogueRelation, visit: (key: string, via: Via) => void): void {
    for (const child of children) visit(keyOf(child), kind === 'p' ? 'partition' : 'inheritance');
  }

  private write(
    key: string,
    kinds: Iterable<WriteKind>,
    columns: Iterable<string>,
    via: Via | undefined,
    withChildren: boolean,
  ): void {
    this.touched.write(key, kinds, columns, via);
    for (const kind of kinds) this.writeKind(key, kind, new Set(columns), withChildren);
  }

  private writeKind(key: string, kind: WriteKind, columns: ReadonlySet<string>, withChildren: boolean): void {
    if (!this.isNew('write', key, `${kind} ${withChildren}`, columns)) return;
    const relation = this.relation(key);
    if (relation === undefined) return;
    const name = quoted(relation.schema, relation.name);
    if (relation.kind === 'f')
      throw new NotUnderstood('relation', `${name} is a foreign table, outside of the database`);
    if (relation.rules.some(({ ev_type }) => ev_type === RULE[kind]))
      throw new NotUnderstood('rule', `a rule of ${name} makes another statement of ${kind}`);
    this.plan(relation, key);
    const calls = this.runTriggers(relation, kind);
    for (const text of relation.policies) this.all(this.reader.expression(text, key, 'run'), 'policy');
    if (relation.kind === 'v') this.writeView(relation, key, kind, columns, calls);
    else this.writeTable(relation, key, kind, columns, calls);
    if (withChildren && (kind !== 'insert' || relation.kind === 'p' || this.touched.merged.has(key)))
      this.eachChild(relation, (child, how) => {
        this.mergesToo(key, child);
        // A row that is updated can move to another partition: it is deleted here, and inserted there.
        const kinds: readonly WriteKind[] =
          how === 'partition' && kind === 'update' ? ['update', 'delete', 'insert'] : [kind];
        this.write(child, kinds, columns, how, true);
      });
    this.readParents(relation);
  }

  private mergesToo(above: string, below: string): void {
    if (this.touched.merged.has(above)) this.touched.merged.add(below);
  }

  /** Returns whether there are triggers, and whether one stands instead of the statement. */
  private runTriggers(
    { triggers }: CatalogueRelation,
    kind: WriteKind,
  ): { readonly any: boolean; readonly instead: boolean } {
    const fired = triggers.filter(({ tgtype, tgenabled }) => (tgtype & EVENT[kind]) !== 0 && tgenabled !== DISABLED);
    for (const { functions } of fired) {
      const behind = new Touched();
      for (const oid of functions) this.catalogue.callOf(oid, behind);
      this.all(behind, 'trigger');
    }
    return { any: fired.length > 0, instead: fired.some(({ tgtype }) => (tgtype & INSTEAD) !== 0) };
  }

  private writeView(
    relation: CatalogueRelation,
    key: string,
    kind: WriteKind,
    columns: ReadonlySet<string>,
    { instead }: { readonly instead: boolean },
  ): void {
    const view = this.reader.view(key, relation.definition ?? '');
    this.all(view, 'view');
    // Columns of views can have defaults too.
    if (kind !== 'delete') this.evaluate(relation, key, kind);
    if (instead) return;
    // A write through a view goes to what stands in its FROM; its columns may have other names there.
    for (const below of view.named) {
      this.mergesToo(key, below);
      this.write(below, [kind], columns.size === 0 ? [] : ['*'], 'view', view.withChildren.has(below));
    }
  }

  private writeTable(
    relation: CatalogueRelation,
    key: string,
    kind: WriteKind,
    columns: ReadonlySet<string>,
    { any }: { readonly any: boolean },
  ): void {
    if (kind !== 'delete') this.evaluate(relation, key, kind);
    // A trigger of the row may set further columns.
    const isSet = (names: readonly string[]): boolean =>
      any || columns.has('*') || names.some((one) => one === '*' || columns.has(one));
    if (kind !== 'delete')
      for (const one of relation.keys) if (kind === 'insert' || isSet(one.columns)) this.readEnd(one.to, one.toColumns);
    if (kind !== 'insert')
      for (const one of relation.keysToIt) if (kind === 'delete' || isSet(one.toColumns)) this.follow(one, kind);
  }

  /** Runs the expressions of a row that is written: checks, indexes, domains, and defaults. */
  private evaluate({ expressions, columns }: CatalogueRelation, key: string, kind: WriteKind): void {
    for (const text of expressions) this.all(this.reader.expression(text, key, 'run'), 'expression');
    const setsDefaults = kind === 'insert' || this.touched.setsDefaults;
    for (const { atttypid, adsrc, attgenerated, sequences } of columns) {
      this.checkDomain(atttypid, 'expression');
      if (typeof adsrc === 'string' && (setsDefaults || attgenerated !== ''))
        this.all(this.reader.expression(adsrc, key, 'default'), 'default');
      if (setsDefaults)
        for (const sequence of sequences) {
          const name = this.catalogue.relationOf(sequence);
          if (name !== undefined) this.touched.write(keyOf(name), ['update'], [], 'default');
        }
    }
  }

  /** The other end of a foreign key is read, and its row locked. */
  private readEnd(name: RelationName, columns: readonly string[]): void {
    this.read(keyOf(name), columns, 'foreign key', true, true);
  }

  private follow({ from, columns, onDelete, onUpdate }: ForeignKey, kind: 'update' | 'delete'): void {
    const action = kind === 'delete' ? onDelete : onUpdate;
    this.readEnd(from, columns);
    if (action === 'c') this.write(keyOf(from), [kind], kind === 'delete' ? [] : columns, 'foreign key', true);
    if (action === 'n' || action === 'd') {
      if (action === 'd') this.touched.setsDefaults = true;
      this.write(keyOf(from), ['update'], columns, 'foreign key', true);
    }
  }

  private relation(key: string): CatalogueRelation | undefined {
    return this.catalogue.relation(nameOf(key));
  }
}
