import { closest } from '@writ/cedar';
import { annotated, annotationAt } from '../annotated.js';
import type { Rule } from '../rule.js';

/** The annotations that mean something to Writ. */
const KNOWN = ['id', 'reason', 'obligation', 'highRisk', 'stepUp', 'requestable'];

const LONGEST_SHORT = 6;

/** An annotation that is one of Writ's but for case, a separator, or a letter or two. Authors may have others of their own. */
export const misspeltAnnotation: Rule = {
  code: 'policies/misspelt-annotation',
  check(bundle, find) {
    for (const { source, annotations } of annotated(bundle)) {
      for (const name of Object.keys(annotations)) {
        const meant = KNOWN.includes(name) ? undefined : closest(name.replaceAll('_', ''), KNOWN, mostEdits);
        if (meant === undefined) continue;
        const message = `policy ${source.id}: @${name} means nothing here`;
        find.in(source.file).warning(message, `did you mean @${meant}?`, annotationAt(source, name));
      }
    }
  },
};

/** A short word is near many words that an author may mean, as `region` is to `reason`. */
function mostEdits({ length }: string): number {
  return length <= 2 ? 0 : length <= LONGEST_SHORT ? 1 : 2;
}
