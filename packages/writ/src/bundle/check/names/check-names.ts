import type { Bundle } from '../../bundle.js';
import type { Find } from '../findings.js';
import { NearNames } from './near-name.js';
import { testedNames } from './tested-names.js';

/** A part of the context whose values are names that the bundle, or Writ, knows all of. */
interface Vocabulary {
  /** Returns the names that the part at this way can have; undefined if it is another part. */
  knownAt(path: readonly string[]): Iterable<string> | undefined;
  /** Says what is wrong with a name. */
  message(name: string, path: string): string;
  readonly help: string;
  /** Returns whether a name is a word of Writ that the part never has: it is then no typing error. */
  isOtherWord?(name: string): boolean;
}

/**
 * Finds the names that a part of the context never has. A name that is nearly a known one is an error: the rule passes over its
 * case because of a typing error. Another name may be meant for later, and is a warning if the test can never hold.
 */
export function checkNames(bundle: Bundle, find: Find, { knownAt, message, help, isOtherWord }: Vocabulary): void {
  const vocabularies = new Map<Iterable<string>, { readonly known: ReadonlySet<string>; readonly near: NearNames }>();
  for (const { policy, source, path, names, needs, placeOf } of testedNames(bundle)) {
    const at = knownAt(path);
    if (at === undefined) continue;
    const { known, near } = vocabularies.get(at) ?? { known: new Set(at), near: new NearNames(at) };
    vocabularies.set(at, { known, near });
    const unknown = names.filter((name) => !known.has(name));
    const isDead = needs === 'all' ? unknown.length > 0 : needs === 'any' && unknown.length === names.length;
    for (const name of new Set(unknown)) {
      const meant = isOtherWord?.(name) === true ? undefined : near.of(name);
      const found = find.in(source.file);
      const what = `policy ${policy.id}: ${message(name, ['context', ...path].join('.'))}`;
      if (meant !== undefined) found.error(what, `did you mean ${meant}?`, placeOf(name));
      else if (isDead) found.warning(what, help, placeOf(name));
    }
  }
}
