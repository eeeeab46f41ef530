import { resolve } from 'node:path';
import type { Schema } from '@writ/cedar';
import { millisecondsOf } from '../../lib/duration.js';
import { environmentText } from '../../lib/environment.js';
import { CREDENTIALS } from '../../lib/known-credentials.js';
import type { LiveFacts } from '../live-facts.js';
import { Fetcher, type FetcherOptions, type FetchObserver } from './fetcher.js';
import { Fetchers } from './fetchers.js';
import { FileSource, formatOf } from './file-source.js';
import { HttpSource } from './http-source.js';
import type { FactSource } from './source.js';
import { SqlSource } from './sql-source.js';

/** A fetcher as it is declared: exactly one of `http`, `sql` and `file`; texts can have `${env:NAME}`. */
interface FetcherDeclaration {
  /** The type of the entities that it knows. */
  readonly of: string;
  /** JSONPaths by attribute. */
  readonly attributes: Readonly<Record<string, string>>;
  /** JSONPath of the id in a document. */
  readonly id: string;
  /** A duration; undefined: each entity is fetched when a decision needs it. */
  readonly every?: string | undefined;
  /** How long a decision waits at most: a duration. */
  readonly budget: string;
  /** When a fetch is given up: a duration. */
  readonly timeout: string;
  readonly http?:
    | { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly items: string }
    | undefined;
  readonly sql?: { readonly url: string; readonly query: string } | undefined;
  readonly file?: { readonly path: string; readonly format?: 'json' | 'ndjson' | 'csv' | undefined } | undefined;
}

interface DeclaredFetchers {
  readonly fetchers: Readonly<Record<string, FetcherDeclaration>>;
  readonly schema: Schema;
  /** The folder that paths of files are relative to. */
  readonly root: string;
}

/**
 * Makes the fetchers that are declared. They are not started.
 *
 * @throws {FetchError} when a path is not a JSONPath; {@link EnvironmentError} when a variable is not in the environment
 */
export function fetchersOf(
  { fetchers, schema, root }: DeclaredFetchers,
  live: LiveFacts,
  clock: () => Date,
  observer: FetchObserver,
): Fetchers {
  const all = Object.entries(fetchers).map(([name, declared]) => {
    const text = (value: string): string => {
      const filled = environmentText(value, `facts.yaml: the fetcher ${name}`);
      CREDENTIALS.addNamed('', filled);
      return filled;
    };
    for (const [header, value] of Object.entries(declared.http?.headers ?? {}))
      CREDENTIALS.addNamed(header, text(value));
    return new Fetcher(optionsOf(name, declared, schema), sourceOf(declared, root, text), live, clock, observer);
  });
  return new Fetchers(all);
}

function optionsOf(name: string, declared: FetcherDeclaration, schema: Schema): FetcherOptions {
  const { of, attributes, id, every, budget, timeout, file } = declared;
  const isText = file !== undefined && (file.format ?? formatOf(file.path)) === 'csv';
  return {
    name,
    type: of,
    attributes,
    id,
    every: every === undefined ? undefined : millisecondsOf(every),
    budget: millisecondsOf(budget),
    timeout: millisecondsOf(timeout),
    readAs: isText ? readAsOf(of, Object.keys(attributes), schema) : undefined,
  };
}

function readAsOf(type: string, attributes: readonly string[], schema: Schema): FetcherOptions['readAs'] {
  const declared = schema.entityTypes.get(type)?.attributes.attributes;
  return Object.fromEntries(
    attributes.map((name) => {
      const kind = declared?.get(name)?.type.kind;
      return [name, kind === 'long' ? 'whole' : kind === 'bool' ? 'truth' : 'text'];
    }),
  );
}

function sourceOf(
  { http, sql, file, timeout }: FetcherDeclaration,
  root: string,
  text: (value: string) => string,
): FactSource {
  if (http !== undefined) {
    const headers = Object.fromEntries(Object.entries(http.headers).map(([name, value]) => [name, text(value)]));
    return new HttpSource({ url: http.url, items: http.items, headers });
  }
  if (sql !== undefined) return new SqlSource(text(sql.url), sql.query, millisecondsOf(timeout));
  const { path = '', format } = file ?? {};
  return new FileSource(resolve(root, text(path)), format);
}
