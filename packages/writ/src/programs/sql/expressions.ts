import { at, NotUnderstood, quoted } from './not-understood.js';
import type { Scope, Source } from './scope.js';
import { nameOf } from './touched.js';
import { type Body, bodyOf, listOf, type Reader, textIn, textOf, textsOf, type Walk } from './walk.js';

/** Readers of expressions that name something. */

/** A column: of a relation for sure, or of each that may have it. */
const columnRef: Reader = (walk, body, scope) => {
  const fields = listOf(body.fields);
  walk.lookUp(scope.levels.reduce((places, level) => places + level.length, 1));
  const star = textIn(fields[fields.length - 1] ?? {}) === undefined;
  const names = textsOf(star ? fields.slice(0, -1) : fields);
  if (star) {
    if (names.length === 0) readAll(walk, scope.levels[0] ?? []);
    else readAll(walk, found(walk, names, scope, body));
    return;
  }
  const column = names[names.length - 1] ?? '';
  if (names.length > 1) readColumn(walk, found(walk, names.slice(0, -1), scope, body), column, body);
  else
    for (const source of scope.levels.flat()) {
      // A name that is an alias is the whole row, if no column has it.
      if (source.name === column) readAll(walk, [source]);
      readIfThere(walk, source, column);
    }
};

function readAll(walk: Walk, sources: readonly Source[]): void {
  for (const { relations } of sources)
    for (const key of relations) walk.touched.read(key, ['*', ...(walk.names.columns(nameOf(key)) ?? [])]);
}

/** Records a column of each relation that may have it. */
export function readIfThere(walk: Walk, source: Source, column: string): void {
  if (source.renamed) readAll(walk, [source]);
  else
    for (const key of source.relations) if (walk.names.mayHave(nameOf(key), column)) walk.touched.read(key, [column]);
}

function readColumn(walk: Walk, sources: readonly Source[], column: string, body: Body): void {
  const isThere = sources.some(({ relations, renamed }) =>
    renamed ? false : relations.some((key) => walk.names.mayHave(nameOf(key), column)),
  );
  if (!isThere) walk.names.checkAttribute(column, body.location);
  for (const source of sources) readIfThere(walk, source, column);
}

/** Returns the sources that `a` or `schema.a` can be. All levels count: an inner one that PostgreSQL sees may not be one of ours. */
function found(walk: Walk, names: readonly string[], scope: Scope, body: Body): readonly Source[] {
  const [first = '', second] = names;
  const all = scope.levels.flat();
  const sources =
    second === undefined
      ? all.filter(({ name }) => name === first)
      : all.filter(({ name, schema, relations }) => {
          const own = relations[0] === undefined ? undefined : nameOf(relations[0]).schema;
          return name === second && (schema ?? own) === first;
        });
  // `a.b` can be the column a of a relation, and b one of its members.
  const composite = names.length === 1 ? all.filter(({ relations }) => mayHaveColumn(walk, relations, first)) : [];
  if (names.length > 2 || (sources.length === 0 && composite.length === 0))
    throw new NotUnderstood('column', `the name ${quoted(...names)}${at(body.location)} is not in the FROM clause`);
  if (sources.length === 0) for (const source of composite) readIfThere(walk, source, first);
  return sources;
}

function mayHaveColumn(walk: Walk, relations: readonly string[], column: string): boolean {
  return relations.some((key) => walk.names.columns(nameOf(key))?.has(column) ?? false);
}

/** `(a).b` is a member, or a call of b. */
const indirection: Reader = (walk, body, scope) => {
  walk.read(body.arg, scope);
  readIndirection(walk, body.indirection, scope);
};

export function readIndirection(walk: Walk, list: unknown, scope: Scope): void {
  for (const one of listOf(list)) {
    const member = textIn(one);
    if (member === undefined) walk.read(one, scope);
    else walk.names.checkAttribute(member, undefined);
  }
}

/** A sequence that a default names is in the catalogue beside it; one that is computed is not. */
function checkSequence(body: Body): void {
  const [argument = {}] = listOf(body.args);
  const { arg = {} } = bodyOf(bodyOf(argument).TypeCast ?? {});
  if (bodyOf(arg).A_Const === undefined)
    throw new NotUnderstood('function', 'a default computes the name of the sequence that it advances');
}

const call: Reader = (walk, body, scope) => {
  const parts = textsOf(body.funcname);
  for (const { schema, name } of walk.names.functions(parts, body.location)) {
    walk.touched.functions.add(`${schema}.${name}`);
    if (name === 'nextval') checkSequence(body);
    const isLater = walk.names.may.callsOfRows === true && JSON.stringify(body).includes('"ColumnRef"');
    if (!isLater) walk.names.catalogue?.call({ schema, name }, walk.touched);
  }
  walk.readBelow('FuncCall', body, scope);
};

/** The operators that a form stands for, where it does not name them. */
const BETWEEN = /^(NOT )?BETWEEN( SYMMETRIC)?$/;

const operator: Reader = (walk, body, scope) => {
  const names = textsOf(body.name);
  if (BETWEEN.test(names[0] ?? '')) checkImplied(walk, body, '<', '<=', '>', '>=');
  else if (names.length > 0) walk.names.checkOperator(names, body.location);
  walk.readBelow('A_Expr', body, scope);
};

/** PostgreSQL looks up these operators by their name, as if the text had it. */
export function checkImplied(walk: Walk, body: Body, ...symbols: readonly string[]): void {
  for (const symbol of symbols) walk.names.checkOperator([symbol], body.location);
}

const simpleCase: Reader = (walk, body, scope) => {
  if (body.arg !== undefined) checkImplied(walk, body, '=');
  walk.readBelow('CaseExpr', body, scope);
};

const subLink: Reader = (walk, body, scope) => {
  if (body.operName !== undefined) walk.names.checkOperator(textsOf(body.operName), body.location);
  else if (body.subLinkType === 'ANY_SUBLINK') checkImplied(walk, body, '=');
  walk.readBelow('SubLink', body, scope);
};

const sortBy: Reader = (walk, body, scope) => {
  if (body.useOp !== undefined) walk.names.checkOperator(textsOf(body.useOp), body.location);
  walk.readBelow('SortBy', body, scope);
};

const typeName: Reader = (walk, body, scope) => {
  const own = walk.names.type(textsOf(body.names), body.location);
  if (own !== undefined) walk.touched.types.add(own);
  walk.readBelow('TypeName', body, scope);
};

const setToDefault: Reader = (walk) => {
  walk.touched.setsDefaults = true;
};

const resTarget: Reader = (walk, body, scope) => {
  readIndirection(walk, body.indirection, scope);
  walk.read(body.val, scope);
};

/** A column of an index, by its name. */
const indexElem: Reader = (walk, body, scope) => {
  const name = textOf(body, 'name');
  const [target] = scope.levels[0] ?? [];
  if (name !== undefined && target !== undefined) readIfThere(walk, target, name);
  walk.read(body.expr, scope);
};

export const EXPRESSIONS: readonly (readonly [string, Reader])[] = [
  ['ColumnRef', columnRef],
  ['A_Indirection', indirection],
  ['FuncCall', call],
  ['A_Expr', operator],
  ['CaseExpr', simpleCase],
  ['SubLink', subLink],
  ['SortBy', sortBy],
  ['TypeName', typeName],
  ['SetToDefault', setToDefault],
  ['ResTarget', resTarget],
  ['IndexElem', indexElem],
];
