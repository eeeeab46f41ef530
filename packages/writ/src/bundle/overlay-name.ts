/** The names of the files of environments. */

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const FILE = /^writ\.([^.]+)\.yaml$/;

/** Returns the file of an environment; undefined if the name is not one. */
export function overlayFile(environment: string): string | undefined {
  return NAME.test(environment) ? `writ.${environment}.yaml` : undefined;
}

/** Returns the environment that a path is the file of; undefined if it is of none. */
export function environmentOf(path: string): string | undefined {
  const [, name = ''] = FILE.exec(path) ?? [];
  return NAME.test(name) ? name : undefined;
}

/** Returns the environment that a bundle was read for: of all overlays it has that one alone. */
export function environmentIn(texts: ReadonlyMap<string, string>): string | undefined {
  for (const path of texts.keys()) {
    const found = environmentOf(path);
    if (found !== undefined) return found;
  }
  return undefined;
}
