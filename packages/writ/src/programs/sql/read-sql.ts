import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import type { Catalogue } from './catalogue/catalogue.js';
import { type CatalogueReader, Expansion, type ExpressionUse } from './catalogue/expand.js';
import { EXPRESSIONS } from './expressions.js';
import type { SqlFacts, StatementKind } from './facts.js';
import { factsOf } from './facts-of.js';
import { FROM } from './from.js';
import { Names } from './names.js';
import { NotUnderstood } from './not-understood.js';
import { parseSql } from './parser.js';
import { NOTHING, type Scope } from './scope.js';
import { STATEMENT_READERS, STATEMENTS } from './statements.js';
import { checkText } from './text-bounds.js';
import { nameOf, Touched } from './touched.js';
import { type Body, bodyOf, listOf, type Reader, Walk } from './walk.js';

/** How the texts of one argument are read. */
export interface SqlOptions {
  /** The schemas that the connection searches, in their order. */
  readonly searchPath: readonly string[];
  /** Names that it does not have are not understood. */
  readonly catalogue?: Catalogue | undefined;
}

const READERS: ReadonlyMap<string, Reader> = new Map([...EXPRESSIONS, ...FROM, ...STATEMENT_READERS]);
const MAX_CACHED = 1_000;
const MAX_CACHED_LENGTH = 4_096;
const caches = new WeakMap<SqlOptions, BoundedCache<string, SqlFacts>>();
/** The views of a catalogue that have been read. */
const views = new WeakMap<Catalogue, Map<string, Touched | NotUnderstood>>();

/**
 * Returns what a text does to a database of PostgreSQL, or why that is not known. The result is the same for the same options, and
 * is kept for some texts. The first text waits about 50 ms for the parser, unless `loadSqlParser` was called before.
 */
export function readSql(text: string, options: SqlOptions): SqlFacts {
  let cache = caches.get(options);
  if (cache === undefined) {
    cache = new BoundedCache(MAX_CACHED);
    caches.set(options, cache);
  }
  const known = cache.get(text);
  if (known !== undefined) return known;
  const facts = newFacts(text, options);
  // A parser that is replaced understands the text next time.
  const isFinal = facts.understood || facts.reason !== 'parser';
  if (isFinal && text.length <= MAX_CACHED_LENGTH) cache.set(text, facts);
  return facts;
}

function newFacts(text: string, { searchPath, catalogue }: SqlOptions): SqlFacts {
  try {
    const { kind, touched, statement } = readStatement(text, new Names(checkedPath(searchPath), catalogue));
    if (catalogue !== undefined) new Expansion(catalogue, readerOf(catalogue), touched).run();
    return factsOf(kind, touched, statement);
  } catch (error) {
    if (error instanceof NotUnderstood) return error.facts;
    // No text may end the service: one that cannot be read for another reason has every effect too.
    return new NotUnderstood('parser', `the text cannot be read: ${String(error).slice(0, 200)}`).facts;
  }
}

/** @throws {NotUnderstood} if names cannot be resolved along a path */
function checkedPath(path: readonly string[]): readonly string[] {
  const own = path[0] === 'pg_catalog' ? path.slice(1) : path;
  const wrong = own.find((schema) => schema === '' || schema === '$user' || schema.startsWith('pg_'));
  if (wrong === undefined) return own;
  const message = `the search path has ${JSON.stringify(wrong)}; declare schemas by their names, pg_catalog first or not at all`;
  throw new NotUnderstood('search-path', message);
}

interface ReadStatement {
  readonly kind: StatementKind;
  readonly touched: Touched;
  readonly statement: Body;
}

function readStatement(text: string, names: Names, scope: Scope = NOTHING): ReadStatement {
  checkText(text);
  const statements = listOf(bodyOf(parseSql(text)).stmts);
  if (statements.length !== 1)
    throw new NotUnderstood(
      'statement',
      `the text has ${statements.length} statements, and not exactly one; send each alone`,
    );
  const raw = bodyOf(bodyOf(statements[0]).stmt);
  const [type = '', ...others] = Object.keys(raw);
  const kind = STATEMENTS.get(type);
  if (kind === undefined || others.length > 0)
    throw new NotUnderstood('statement', `a statement of the kind ${type.replace(/Stmt$/, '')} is never understood`);
  const touched = new Touched();
  new Walk(READERS, touched, names).read(raw, scope);
  return { kind, touched, statement: bodyOf(raw[type]) };
}

/** Texts of a catalogue are read as those of a caller are: what is not understood in a view is not understood in its use. */
function readerOf(catalogue: Catalogue): CatalogueReader {
  const names = new Names(checkedPath(catalogue.searchPath), catalogue);
  const path = checkedPath(catalogue.searchPath);
  const uses: Readonly<Record<ExpressionUse, Names>> = {
    run: names,
    default: new Names(path, catalogue, { sequences: true }),
    planned: new Names(path, catalogue, { callsOfRows: true }),
  };
  const known = views.get(catalogue) ?? new Map<string, Touched | NotUnderstood>();
  views.set(catalogue, known);
  const remembered = (key: string, read: () => Touched): Touched => {
    let result = known.get(key);
    if (result === undefined) {
      result = attempt(read);
      known.set(key, result);
    }
    if (result instanceof NotUnderstood) throw result;
    return result;
  };
  return {
    view: (key, definition) => remembered(`view ${key}`, () => readStatement(definition, names).touched),
    expression: (text, of, use) =>
      remembered(`${use} ${of} ${text}`, () => {
        // The check of a domain is of no relation.
        const sources = of === '' ? [] : [{ ...nameOf(of), relations: [of], renamed: false }];
        const scope = { ...NOTHING, levels: [sources] };
        return readStatement(`select ${text}`, uses[use], scope).touched;
      }),
  };
}

function attempt(read: () => Touched): Touched | NotUnderstood {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof NotUnderstood) || error.reason === 'parser') throw error;
    return new NotUnderstood('catalogue', `what stands behind a relation is not understood: ${error.message}`);
  }
}
