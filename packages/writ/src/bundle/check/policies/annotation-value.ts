import { annotated, annotationAt } from '../annotated.js';
import type { Rule } from '../rule.js';

/** An annotation of Writ whose value says nothing, or says what the annotation cannot mean. */
export const annotationValue: Rule = {
  code: 'policies/annotation-value',
  check(bundle, find) {
    for (const { source, effect, annotations } of annotated(bundle)) {
      const { obligation, highRisk, reason } = annotations;
      const found = find.in(source.file);
      if (obligation?.trim() === '' && effect === 'permit')
        found.error(
          `policy ${source.id}: @obligation names no obligation`,
          'name one of obligations.yaml, as in @obligation("audit"); or take it out',
          annotationAt(source, 'obligation'),
        );
      if (highRisk !== undefined && highRisk !== '')
        found.warning(
          `policy ${source.id}: @highRisk has no value, and ("${highRisk}") changes nothing`,
          'write @highRisk; or take it out, if the policy is of no high risk',
          annotationAt(source, 'highRisk'),
        );
      if (reason?.trim() === '')
        found.warning(
          `policy ${source.id}: @reason says nothing`,
          'say to who is stopped why; or take it out',
          annotationAt(source, 'reason'),
        );
    }
  },
};
