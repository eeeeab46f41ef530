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
    const withoutDots = onPaths.filter(({ pattern }) => pattern.some((text) => text.includes('..')));
    for (const one of onPaths) {
      const { policy, source, argument, written, pattern, at } = one;
      // A rule that looks for `..` itself is a guard, and one beside it can rest on it.
      if (withoutDots.some((other) => other.argument === argument)) continue;
      find
        .in(source.file)
        .warning(
          `policy ${policy.id}: \`like "${pattern.join('*')}"\` on the path ${written} can be got around by \`..\`, as in ${escapeOf(pattern)}`,
          'map the tool to the file with pathBelow and withFolders (docs/bundles.md, Mappings), and ask `resource.within.contains(…)`',
          at,
        );
    }
  },
};

function isOfPath({ argument, kinds }: ArgumentPattern): boolean {
  return kinds.size > 0
    ? KINDS.some((kind) => kinds.has(kind))
    : NAME.test(argument.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase());
}

/** Returns a path that a pattern misjudges. */
function escapeOf([first = '', ...more]: readonly string[]): string {
  const folder = first.endsWith('/') ? first : `${first || 'a'}/`;
  return `${folder}../etc/passwd${more.at(-1) ?? ''}`;
}
