import { quoted } from '../definition/problems.js';
import { isObject, type JsonObject, type Reading } from './reading.js';

/** The names and the base path that a document gives its service. */
interface Servers {
  readonly hosts: readonly string[];
  /** Without a slash at its end. */
  readonly basePath: string;
}

const MAX_SERVERS = 50;

/** Reads `servers`. @param basePath the base path that the service is given, which counts before that of the document */
export function serversOf(reading: Reading, root: JsonObject, basePath: string | undefined): Servers {
  const list = Array.isArray(root.servers) ? root.servers.slice(0, MAX_SERVERS) : [];
  const hosts = new Set<string>();
  const paths = new Map<string, number>();
  for (const [i, one] of (list as unknown[]).entries()) {
    const { url, variables } = isObject(one) ? one : ({} as JsonObject);
    const place = ['servers', i, 'url'];
    if (typeof url !== 'string') {
      reading.problem(place, 'a server has no url', 'write it as /v1 or https://shop.example/v1');
      continue;
    }
    const [, , host, path = ''] = /^([a-z][a-z0-9+.-]*:\/\/([^/?#]*))?(\/[^?#]*)?$/i.exec(url) ?? [];
    if (host === undefined && path === '' && url !== '') {
      reading.problem(
        place,
        `${quoted(url)} is neither a path nor an address`,
        'write it as /v1 or https://shop.example/v1',
      );
      continue;
    }
    if (host !== undefined && /^[a-z0-9.:[\]-]+$/i.test(host)) hosts.add(host.toLowerCase());
    const filled = path.replace(/\{([^{}]*)\}/g, (whole, name: string) => {
      const variable = isObject(variables) && Object.hasOwn(variables, name) ? variables[name] : undefined;
      const choices = isObject(variable) && Array.isArray(variable.enum) ? variable.enum : [];
      return isObject(variable) && typeof variable.default === 'string' && choices.length < 2
        ? variable.default
        : whole;
    });
    paths.set(filled.replace(/\/$/, ''), i);
  }
  if (basePath !== undefined) return { hosts: [...hosts], basePath };
  const [[first = '', at = 0] = [], second] = [...paths];
  if (second !== undefined)
    reading.problem(
      ['servers', second[1]],
      `the servers have the base paths ${quoted(first)} and ${quoted(second[0])}`,
      'name one as basePath of the service',
    );
  else if (/[{}]/.test(first))
    reading.problem(
      ['servers', at],
      `the base path ${quoted(first)} has a variable`,
      'name the base path as basePath of the service',
    );
  return { hosts: [...hosts], basePath: first };
}
