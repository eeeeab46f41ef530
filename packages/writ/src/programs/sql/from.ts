import { checkImplied, readIfThere } from './expressions.js';
import { KNOWN_SAMPLINGS } from './known/names.js';
import { at, NotUnderstood, quoted } from './not-understood.js';
import { type Level, type Scope, type Source, within } from './scope.js';
import { keyOf, nameOf } from './touched.js';
import { type Body, bodyOf, listOf, nameIn, type Reader, textOf, textsOf, type Walk } from './walk.js';

/** Readers of what stands in FROM. Each adds its sources to the innermost level of its scope. */

/** Returns the key of the relation that a `RangeVar` names. @throws {NotUnderstood} */
export function relationOf(walk: Walk, range: Body): string {
  const [schema, name = ''] = [nameIn(range, 'schemaname'), nameIn(range, 'relname')];
  if (range.catalogname !== undefined)
    throw new NotUnderstood('relation', `the relation ${quoted(name)}${at(range.location)} is of a named database`);
  return keyOf(walk.names.relation(schema, name, range.location));
}

/** Returns the source that a `RangeVar` of a relation is. */
export function sourceOf(range: Body, key: string): Source {
  const alias = aliasOf(range);
  return {
    name: alias?.name ?? textOf(range, 'relname'),
    schema: alias === undefined ? textOf(range, 'schemaname') : undefined,
    relations: [key],
    renamed: alias?.renamed ?? false,
  };
}

function aliasOf(
  body: Body,
  member = 'alias',
): { readonly name: string | undefined; readonly renamed: boolean } | undefined {
  const alias = body[member];
  if (alias === undefined) return undefined;
  const given = bodyOf(alias);
  return { name: textOf(given, 'aliasname'), renamed: listOf(given.colnames).length > 0 };
}

const relation: Reader = (walk, body, scope) => {
  const name = textOf(body, 'relname') ?? '';
  const isQualified = body.schemaname !== undefined || body.catalogname !== undefined;
  if (!isQualified && scope.expressions.has(name)) {
    levelOf(scope).push({ name: aliasOf(body)?.name ?? name, relations: [], renamed: true });
    return;
  }
  const key = relationOf(walk, body);
  walk.touched.read(key);
  walk.touched.named.push(key);
  if (body.inh === true) walk.touched.withChildren.add(key);
  levelOf(scope).push(sourceOf(body, key));
};

function levelOf(scope: Scope): Level {
  const [level] = scope.levels;
  if (level === undefined) throw new NotUnderstood('node', 'the text names a relation where none can be');
  return level;
}

/** A derived table. One without LATERAL does not see the other sources. */
const derived =
  (type: string, isLateral: (body: Body) => boolean, ownName?: string): Reader =>
  (walk, body, scope) => {
    const inner = isLateral(body) ? scope : { ...scope, levels: scope.levels.slice(1) };
    // A level of its own, so that nothing below adds to that of the query.
    walk.readBelow(type, body, within(inner, []));
    levelOf(scope).push({ name: aliasOf(body)?.name ?? ownName, relations: [], renamed: true });
  };

/** A function is a source under its own name if it has no alias. */
const rangeFunction: Reader = (walk, body, scope) => {
  walk.readBelow('RangeFunction', body, within(scope, []));
  const alias = aliasOf(body);
  levelOf(scope).push({ name: alias?.name ?? functionName(body), relations: [], renamed: true });
};

function functionName(body: Body): string | undefined {
  const [first] = listOf(body.functions);
  const items = bodyOf(bodyOf(first ?? {}).List ?? {}).items;
  const call = bodyOf(listOf(items)[0] ?? {}).FuncCall;
  if (call === undefined) return undefined;
  return textsOf(bodyOf(call).funcname).at(-1);
}

const sample: Reader = (walk, body, scope) => {
  const method = textsOf(body.method);
  const name = method[method.length - 1] ?? '';
  if (!KNOWN_SAMPLINGS.has(name) || (method.length > 1 && method[0] !== 'pg_catalog'))
    throw new NotUnderstood('function', `the sampling method ${quoted(...method)}${at(body.location)} is not known`);
  walk.readBelow('RangeTableSample', body, scope);
};

const join: Reader = (walk, body, scope) => {
  const level = levelOf(scope);
  const before = level.length;
  walk.read(body.larg, scope);
  walk.read(body.rarg, scope);
  const sides = level.slice(before);
  walk.lookUp(sides.length * (1 + listOf(body.usingClause).length));
  if (body.isNatural === true || body.usingClause !== undefined) checkImplied(walk, body, '=');
  if (body.isNatural === true) for (const side of sides) readEvery(walk, side);
  for (const column of textsOf(body.usingClause)) for (const side of sides) readIfThere(walk, side, column);
  walk.read(body.quals, scope);
  const relations = sides.flatMap((side) => side.relations);
  const renamed = sides.some((side) => side.renamed);
  for (const alias of [aliasOf(body), aliasOf(body, 'join_using_alias')])
    if (alias !== undefined) level.push({ name: alias.name, relations, renamed: alias.renamed || renamed });
};

function readEvery(walk: Walk, { relations }: Source): void {
  for (const key of relations) walk.touched.read(key, ['*', ...(walk.names.columns(nameOf(key)) ?? [])]);
}

export const FROM: readonly (readonly [string, Reader])[] = [
  ['RangeVar', relation],
  ['RangeSubselect', derived('RangeSubselect', (body) => body.lateral === true)],
  ['RangeTableFunc', derived('RangeTableFunc', () => true, 'xmltable')],
  ['JsonTable', derived('JsonTable', () => true, 'json_table')],
  ['RangeFunction', rangeFunction],
  ['RangeTableSample', sample],
  ['JoinExpr', join],
];
