import { resolve } from 'node:path';
import type { Schema } from '@writ/cedar';
import type { Bundle } from './bundle/bundle.js';
import type { FetcherYaml } from './bundle/format/facts.js';
import { millisecondsOf } from './lib/duration.js';
import { environmentText } from './lib/environment.js';
import { Fetcher, type FetcherOptions, type FetchObserver } from './registry/fetch/fetcher.js';
import { Fetchers } from './registry/fetch/fetchers.js';
import { FileSource, formatOf } from './registry/fetch/file-source.js';
import { HttpSource } from './registry/fetch/http-source.js';
import type { FactSource } from './registry/fetch/source.js';
import { SqlSource } from './registry/fetch/sql-source.js';
import type { LiveFacts } from './registry/live-facts.js';

/**
 * The fetchers that a bundle declares, not started yet.
 *
 * @throws {FetchError} when a path is not a JSONPath; {@link EnvironmentError} when a variable is not in the environment
 */
export function fetchersOf(
  bundle: Bundle,
  live: LiveFacts,
  clock: () => Date,
  observer: FetchObserver,
  env: NodeJS.ProcessEnv = process.env,
): Fetchers {
  const all = Object.entries(bundle.facts.fetchers).map(([name, declared]) => {
    const text = (value: string): string => environmentText(value, `facts.yaml: the fetcher ${name}`, env);
    return new Fetcher(
      optionsOf(name, declared, bundle.schema),
      sourceOf(declared, bundle.root, text),
      live,
      clock,
      observer,
    );
  });
  return new Fetchers(all);
}

function optionsOf(name: string, declared: FetcherYaml, schema: Schema): FetcherOptions {
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
  { http, sql, file, timeout }: FetcherYaml,
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
