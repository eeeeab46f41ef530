import { readIndirection } from './expressions.js';
import type { StatementKind, WriteKind } from './facts.js';
import { relationOf, sourceOf } from './from.js';
import { NotUnderstood, quoted } from './not-understood.js';
import { type Level, type Scope, type Source, withExpressions, within } from './scope.js';
import { nameOf } from './touched.js';
import { type Body, bodyOf, listOf, type Reader, textIn, textOf, type Walk } from './walk.js';

/** Readers of the statements that are understood, and of their clauses. */

export const STATEMENTS: ReadonlyMap<string, StatementKind> = new Map([
  ['SelectStmt', 'select'],
  ['InsertStmt', 'insert'],
  ['UpdateStmt', 'update'],
  ['DeleteStmt', 'delete'],
  ['MergeStmt', 'merge'],
]);

const WITHOUT_SET_OPERATION = 'SETOP_NONE';

const select: Reader = (walk, body, outer) => {
  // The rows of VALUES, and a query without FROM, read nothing.
  if (walk.touched.kinds.size === 0 || body.fromClause !== undefined) walk.touched.kinds.add('select');
  const scope = readWith(walk, body, outer);
  const before = walk.touched.named.length;
  const inner = within(scope, []);
  if (body.op === WITHOUT_SET_OPERATION) {
    walk.read(body.fromClause, inner);
    walk.readBelow('SelectStmt', { ...body, sortClause: withoutOutputs(body) }, inner, 'fromClause', 'lockingClause');
  } else {
    walk.readAs('SelectStmt', body.larg, scope);
    walk.readAs('SelectStmt', body.rarg, scope);
    // Its order can name nothing but the columns of its result.
    walk.readBelow('SelectStmt', { ...body, sortClause: withoutNames(body) }, inner, 'larg', 'rarg', 'lockingClause');
  }
  if (body.lockingClause === undefined) return;
  walk.read(body.lockingClause, inner);
  for (const key of walk.touched.named.slice(before)) walk.touched.locks.add(key);
};

/** Returns ORDER BY without the items that are columns of the result. */
function withoutOutputs(body: Body): readonly unknown[] {
  const outputs = new Set(
    listOf(body.targetList).flatMap((one) => {
      const name = textOf(bodyOf(bodyOf(one).ResTarget ?? {}), 'name');
      return name === undefined ? [] : [name];
    }),
  );
  return listOf(body.sortClause).filter((one) => !outputs.has(bareName(one) ?? ''));
}

function withoutNames(body: Body): readonly unknown[] {
  return listOf(body.sortClause).filter((one) => bareName(one) === undefined);
}

/** Returns the name that an item of ORDER BY is; undefined for another expression, and for `USING` an operator. */
function bareName(item: unknown): string | undefined {
  const sort = bodyOf(bodyOf(item).SortBy ?? {});
  if (sort.useOp !== undefined) return undefined;
  const fields = listOf(bodyOf(bodyOf(sort.node ?? {}).ColumnRef ?? {}).fields);
  return fields.length === 1 ? textIn(fields[0]) : undefined;
}

/** Reads the common table expressions of a statement. Returns the scope that sees them. */
function readWith(walk: Walk, body: Body, outer: Scope): Scope {
  const clause = body.withClause;
  if (clause === undefined) return outer;
  // Its shape is checked; its reader reads nothing.
  walk.readAs('WithClause', clause, outer);
  const { ctes, recursive } = bodyOf(clause);
  const expressions = listOf(ctes).map((one) => bodyOf(bodyOf(one).CommonTableExpr ?? {}));
  const names = expressions.map((one) => textOf(one, 'ctename') ?? '');
  // Without RECURSIVE an expression sees those before it, and neither itself nor those after it.
  let scope = recursive === true ? withExpressions(outer, names) : outer;
  for (const [i, one] of expressions.entries()) {
    // A query of its own: nothing of it is in a level of the outer one.
    walk.readAs('CommonTableExpr', one, within(scope, []));
    if (recursive !== true) scope = withExpressions(scope, [names[i] ?? '']);
  }
  return scope;
}

/** The clauses of the statement read them, in their own scopes. */
const withClause: Reader = () => undefined;

/** Records the target of a statement. Returns its source. */
function targetOf(
  walk: Walk,
  body: Body,
  kinds: readonly WriteKind[],
): { readonly key: string; readonly source: Source } {
  const range = bodyOf(body.relation);
  walk.check('RangeVar', range);
  const key = relationOf(walk, range);
  const name = nameOf(key);
  if (name.schema === 'pg_catalog' || name.schema === 'information_schema')
    throw new NotUnderstood(
      'relation',
      `${quoted(name.schema, name.name)} is of PostgreSQL; a write to it is not understood`,
    );
  walk.touched.write(key, kinds);
  if (range.inh === true) walk.touched.withChildren.add(key);
  return { key, source: sourceOf(range, key) };
}

const insert: Reader = (walk, body, outer) => {
  walk.touched.kinds.add('insert');
  const scope = readWith(walk, body, outer);
  const { key, source } = targetOf(walk, body, ['insert']);
  writeNamed(walk, key, 'insert', body.cols, scope);
  walk.read(body.selectStmt, scope);
  const level: Level = [source];
  const conflict = body.onConflictClause;
  if (conflict !== undefined) {
    walk.readAs(
      'OnConflictClause',
      conflict,
      within(scope, [source, { ...source, name: 'excluded', schema: undefined }]),
    );
    const { action, targetList } = bodyOf(conflict);
    if (action === 'ONCONFLICT_UPDATE') {
      walk.touched.kinds.add('update');
      writeNamed(walk, key, 'update', targetList, scope);
    } else if (action !== 'ONCONFLICT_NOTHING') throw unknownAction(action);
  }
  readReturning(walk, body, within(scope, level), source);
};

/** Records the columns that a list of targets names; all columns of an INSERT without a list. */
function writeNamed(walk: Walk, key: string, kind: WriteKind, list: unknown, scope: Scope): void {
  const columns = listOf(list).map((one) => {
    const target = bodyOf(bodyOf(one).ResTarget ?? {});
    walk.check('ResTarget', target);
    readIndirection(walk, target.indirection, scope);
    return textOf(target, 'name') ?? '';
  });
  const all = kind === 'insert' && columns.length === 0;
  walk.touched.write(key, [kind], all ? ['*', ...(walk.names.columns(nameOf(key)) ?? [])] : columns);
}

function unknownAction(action: unknown): NotUnderstood {
  return new NotUnderstood('node', `the action ${quoted(String(action))} is not read by Writ`);
}

function readReturning(walk: Walk, body: Body, scope: Scope, target: Source): void {
  const clause = body.returningClause;
  if (clause === undefined) return;
  walk.touched.returning = true;
  const names = listOf(bodyOf(clause).options).map((one) => textOf(bodyOf(bodyOf(one).ReturningOption ?? {}), 'value'));
  const aliases = ['old', 'new', ...names].map((name) => ({ ...target, name, schema: undefined }));
  const [level = [], ...others] = scope.levels;
  // The row of before and the row of after are the target under other names.
  walk.readAs('ReturningClause', clause, { ...scope, levels: [[...level, ...aliases], ...others] });
}

const update: Reader = (walk, body, outer) => {
  walk.touched.kinds.add('update');
  const scope = readWith(walk, body, outer);
  const { key, source } = targetOf(walk, body, ['update']);
  const inner = within(scope, [source]);
  walk.read(body.fromClause, inner);
  writeNamed(walk, key, 'update', body.targetList, inner);
  walk.read(body.targetList, inner);
  walk.read(body.whereClause, inner);
  readReturning(walk, body, inner, source);
};

const remove: Reader = (walk, body, outer) => {
  walk.touched.kinds.add('delete');
  const scope = readWith(walk, body, outer);
  const { source } = targetOf(walk, body, ['delete']);
  const inner = within(scope, [source]);
  walk.read(body.usingClause, inner);
  walk.read(body.whereClause, inner);
  readReturning(walk, body, inner, source);
};

const MERGED: ReadonlyMap<unknown, WriteKind> = new Map([
  ['CMD_INSERT', 'insert'],
  ['CMD_UPDATE', 'update'],
  ['CMD_DELETE', 'delete'],
]);

const merge: Reader = (walk, body, outer) => {
  walk.touched.kinds.add('merge');
  const scope = readWith(walk, body, outer);
  const { key, source } = targetOf(walk, body, []);
  walk.touched.read(key);
  walk.touched.merged.add(key);
  const inner = within(scope, [source]);
  walk.read(body.sourceRelation, inner);
  walk.read(body.joinCondition, inner);
  for (const one of listOf(body.mergeWhenClauses)) {
    walk.read(one, inner);
    const { commandType, targetList } = bodyOf(bodyOf(one).MergeWhenClause ?? {});
    const kind = MERGED.get(commandType);
    if (kind === undefined && commandType !== 'CMD_NOTHING') throw unknownAction(commandType);
    if (kind === undefined) continue;
    walk.touched.kinds.add(kind);
    if (kind === 'delete') walk.touched.write(key, [kind]);
    else writeNamed(walk, key, kind, targetList, inner);
  }
  readReturning(walk, body, inner, source);
};

export const STATEMENT_READERS: readonly (readonly [string, Reader])[] = [
  ['SelectStmt', select],
  ['WithClause', withClause],
  ['InsertStmt', insert],
  ['UpdateStmt', update],
  ['DeleteStmt', remove],
  ['MergeStmt', merge],
];
