import { closest } from '@writ/cedar';
import { annotated, annotationAt } from '../annotated.js';
import { mostEdits } from '../names/near-name.js';
import type { Rule } from '../rule.js';

/** The annotations that mean something to Writ. */
const KNOWN = ['id', 'reason', 'obligation', 'highRisk', 'stepUp', 'requestable'];

/** An annotation that is one of Writ's but for case, a separator, or a letter or two. Authors may have others of their own. */
export const misspeltAnnotation: Rule = {
  code: 'policies/misspelt-annotation',
  check(bundle, find) {
    for (const { source, annotations } of annotated(bundle)) {
      for (const name of Object.keys(annotations)) {
        const plain = name.replaceAll('_', '');
        const meant = KNOWN.includes(name) ? undefined : closest(plain, KNOWN, mostEdits);
        if (meant === undefined) continue;
        // Nobody has `@stepup` for something else; `@season` can be the author's own.
        const severity = meant.toLowerCase() === plain.toLowerCase() ? 'error' : 'warning';
        const message = `policy ${source.id}: @${name} means nothing here`;
        find.in(source.file)[severity](message, `did you mean @${meant}?`, annotationAt(source, name));
      }
    }
  },
};
