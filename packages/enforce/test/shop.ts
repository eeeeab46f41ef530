import { readFileSync } from 'node:fs';
import { type CanonicalRequest, type Service, type ServiceSettings, serviceOf } from '../src/http/index.js';
import type { Served } from './routes.js';
import type { ShopServer } from './servers.js';
import { bytesOf, exchange } from './wire.js';

const FILE = 'shop.openapi.yaml';
const TEXT = readFileSync(new URL(`tables/${FILE}`, import.meta.url), 'utf8');

/** A place for settings that no file has. */
export const SETTINGS_SOURCE = { file: 'writ.yaml', placeOf: () => ({ line: 1, column: 1 }) };

/** Returns the shop as a service, with other settings if some are given. */
export function shop(settings: Partial<ServiceSettings> = {}): Service {
  return serviceOf(
    {
      name: 'shop',
      upstream: 'http://127.0.0.1:8080',
      openapi: { file: FILE, text: TEXT },
      passThrough: ['GET /healthz'],
      ...settings,
    },
    SETTINGS_SOURCE,
  );
}

/** Returns the services of a proxy that serves one. */
export function always(service: Service): () => readonly Service[] {
  const services = [service];
  return () => services;
}

/** Returns the rows of a table: a JSON object a line. */
export function rows<T>(name: string): T[] {
  return readFileSync(new URL(`tables/${name}.jsonl`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** Sends a request as it is decided on to a server, and returns what the server says that it served. */
export async function forward(
  { rewritten }: CanonicalRequest,
  { port }: ShopServer,
): Promise<Served & { readonly status: number }> {
  const { method, target, headers, body } = rewritten;
  return served(port, bytesOf(method, target, headers, body), method);
}

/** Sends bytes to a server, and returns what it says that it served. */
export async function served(
  port: number,
  bytes: Buffer,
  method: string,
): Promise<Served & { readonly status: number }> {
  const [answer] = await exchange(port, bytes, 1, { isHead: method === 'HEAD' });
  if (answer === undefined) throw new Error(`no answer to ${bytes.toString('latin1')}`);
  const said =
    answer.body.startsWith('{"route"') || answer.body.startsWith('{"params"')
      ? (JSON.parse(answer.body) as Served)
      : undefined;
  return {
    route: said?.route,
    params: said?.params ?? {},
    query: said?.query ?? {},
    body: said?.body ?? '',
    status: answer.status,
  };
}

/** Returns the query of a decision as a server lists it. */
export function listedQuery({ query, operation }: CanonicalRequest): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]): [string, string[]][] => {
      if (Array.isArray(value))
        return [[name, operation?.query.get(name)?.form === 'commas' ? [value.join(',')] : value.map(String)]];
      if (typeof value !== 'object') return [[name, [String(value)]]];
      return Object.entries(value).map(([member, inner]) => [`${name}[${member}]`, [String(inner)]]);
    }),
  );
}
