import { OVERLAID } from '../format/overlay.js';
import { environmentIn, overlayFile } from '../overlay-name.js';

/** Returns the file of the overlay of a bundle, and the way in it to what changes another file; undefined if it changes none of that. */
export function overlaidPart(
  texts: ReadonlyMap<string, string>,
  file: string,
  path: readonly PropertyKey[],
): { readonly file: string; readonly path: readonly PropertyKey[] } | undefined {
  const prefix = PREFIXES.get(file);
  const environment = environmentIn(texts);
  const overlay = environment === undefined ? undefined : overlayFile(environment);
  return overlay === undefined || prefix === undefined ? undefined : { file: overlay, path: [...prefix, ...path] };
}

/** The way to the changes of each file, in an overlay. */
const PREFIXES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(OVERLAID).map(([member, section]) =>
    section === undefined ? ['writ.yaml', []] : [`${member}.yaml`, [section]],
  ),
);
