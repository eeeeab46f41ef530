import { isObject } from '@writ/sdk/lib/is-object';
import type { Findings } from './check/findings.js';
import { NAMED_FILES } from './contents.js';
import { OVERLAID, overlayYaml } from './format/overlay.js';
import { environmentIn, overlayFile } from './overlay-name.js';
import { type Change, readYaml } from './read-yaml.js';

/** Environments of a bundle: `writ.NAME.yaml` changes some values of its files, for one of them. */

type Member = keyof typeof OVERLAID;

/** Returns the changes that the overlay of a bundle makes to its files, by the member; undefined if it has none, or a broken one. */
export function changesIn(
  texts: ReadonlyMap<string, string>,
  findings: Findings,
): Readonly<Record<string, Change>> | undefined {
  const environment = environmentIn(texts);
  if (environment === undefined) return undefined;
  const file = overlayFile(environment) as string;
  const { value, findings: found, pathOf } = readYaml(file, texts, overlayYaml, {});
  findings.all.push(...found);
  if (value === undefined) return undefined;
  const members = Object.entries(OVERLAID) as [Member, string | undefined][];
  return Object.fromEntries(
    members.flatMap(([member, section]): [string, Change][] => {
      const part = section === undefined ? without(value, Object.values(OVERLAID)) : value[section as 'facts'];
      if (part === undefined || Object.keys(part).length === 0) return [];
      const prefix = section === undefined ? [] : [section];
      const of = NAMED_FILES[member].file;
      const unknown = findings.of('bundle/overlay').in(file);
      const refuse = (path: readonly string[]): undefined =>
        unknown.error(
          `${[...prefix, ...path].join('.')} changes something that ${of} does not have`,
          'declare it there: an overlay changes values, and adds nothing',
          [...prefix, ...path],
        );
      return [
        [
          member,
          { file, placeOf: (path) => pathOf([...prefix, ...path]), apply: (base) => merged(base, part, [], refuse) },
        ],
      ];
    }),
  );
}

function without(value: object, names: readonly (string | undefined)[]): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

/** Returns a value with the changes of an overlay. @param refuse called with the way to each part that the value does not have */
function merged(
  base: unknown,
  over: object,
  path: readonly string[],
  refuse: (path: readonly string[]) => undefined,
): Record<string, unknown> {
  let result = reachedAnew(isObject(base) ? base : {}, over, path);
  for (const [name, value] of Object.entries(over) as [string, unknown][]) {
    if (value === undefined) continue;
    const before = Object.hasOwn(result, name) ? result[name] : undefined;
    const at = [...path, name];
    if (!isObject(value)) result = { ...result, [name]: value };
    else if (OPEN.has(name)) result = { ...result, [name]: { ...(isObject(before) ? before : {}), ...value } };
    else if (isObject(before)) result = { ...result, [name]: merged(before, value, at, refuse) };
    else refuse(at);
  }
  return result;
}

/** Maps of texts: what they name is of the server alone. */
const OPEN: ReadonlySet<string> = new Set(['env', 'headers', 'credential', 'tls']);
const BY_COMMAND = ['command', 'args', 'env'];
const BY_URL = ['url', 'transport', 'headers'];

/** Returns a server without the way in which it is not reached any more; every other value as it is. */
function reachedAnew(base: Record<string, unknown>, over: object, path: readonly string[]): Record<string, unknown> {
  const isServer = path.length === 3 && path[0] === 'gateway' && path[1] === 'servers';
  if (!isServer || ('url' in over && 'command' in over)) return base;
  const dropped = 'url' in over ? BY_COMMAND : 'command' in over ? BY_URL : [];
  return Object.fromEntries(Object.entries(base).filter(([name]) => !dropped.includes(name)));
}
