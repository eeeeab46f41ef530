import type { SqlFacts, StatementKind } from './facts.js';
import { nameOf, type Touched } from './touched.js';
import { type Body, bodyOf } from './walk.js';

/** Returns what was read of a text as facts, in an order that is the same for the same text. */
export function factsOf(kind: StatementKind, touched: Touched, statement: Body): SqlFacts {
  const limit = limitOf(statement);
  return {
    language: 'sql',
    understood: true,
    kind,
    kinds: [...touched.kinds].sort(),
    reads: sorted(touched.reads).map(([key, { columns, via }]) => relation(key, columns, via)),
    writes: sorted(touched.writes).map(([key, { columns, via, kinds }]) => ({
      ...relation(key, columns, via),
      kinds: [...kinds].sort(),
    })),
    functions: [...touched.functions].sort(),
    locks: [...touched.locks].sort().map(nameOf),
    returning: touched.returning,
    ...(limit === undefined ? {} : { limit }),
  };
}

function relation<V>(key: string, columns: ReadonlySet<string>, via: V | undefined) {
  return { ...nameOf(key), columns: [...columns].sort(), ...(via === undefined ? {} : { via }) };
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Returns the number of LIMIT; undefined for none, for an expression, and for WITH TIES, which gives more. */
function limitOf(statement: Body): number | undefined {
  if (statement.limitOption !== 'LIMIT_OPTION_COUNT') return undefined;
  const constant = bodyOf(bodyOf(statement.limitCount ?? {}).A_Const ?? {});
  if (constant.ival === undefined) return undefined;
  const { ival } = bodyOf(constant.ival);
  // The parser leaves out a zero.
  return typeof ival === 'number' ? ival : 0;
}
