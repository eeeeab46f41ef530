import { type ArgumentPattern, argumentPatterns } from '../names/patterns.js';
import type { Rule } from '../rule.js';

const KINDS = ['path', 'file', 'folder', 'directory'];
/** Names of arguments that are paths, where tools.yaml gives them no kind. */
const NAME = /^(?:.*_)?(?:path|paths|file|filename|filepath|folder|dir|directory)$/;

/** A `like` with a wildcard on a path: `..`, `//` and other spellings of the same file get around it. */
export const likeOnPath: Rule = {
  code: 'policies/like-on-path',
  check(bundle, find) {
    const onPaths = argumentPatterns(bundle).filter(isOfPath);
    // A rule that looks for `..` itself is a guard, and one beside it can rest on it.
    const guarded = new Set(
      onPaths.flatMap(({ pattern, argument }) => (pattern.some((text) => text.includes('..')) ? [argument] : [])),
    );
    for (const one of onPaths) {
      const { policy, source, argument, written, pattern, at } = one;
      if (guarded.has(argument) || isExtension(pattern)) continue;
      find
        .in(source.file)
        .warning(
          `policy ${policy.id}: \`like "${pattern.join('*')}"\` is no guard on the path ${written}: \`..\` and other spellings of one file get around it`,
          'map the tool to the file with pathBelow and withFolders (docs/bundles.md, Mappings), and ask `resource.within.contains(…)`',
          at,
        );
    }
  },
};

/** Returns whether a pattern is about the end of a name alone, as `*.csv`: that holds for every spelling of the folder. */
function isExtension([first, last = '', ...more]: readonly string[]): boolean {
  return first === '' && more.length === 0 && /^\.\w+$/.test(last);
}

function isOfPath({ argument, kinds }: ArgumentPattern): boolean {
  return kinds.size > 0
    ? KINDS.some((kind) => kinds.has(kind))
    : NAME.test(argument.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase());
}
