import { annotated, annotationAt } from '../annotated.js';
import type { Rule } from '../rule.js';

/** A step-up to no authentication context. */
export const emptyStepUp: Rule = {
  code: 'policies/empty-step-up',
  check(bundle, find) {
    for (const { source, annotations } of annotated(bundle)) {
      if (annotations.stepUp !== '') continue;
      find
        .in(source.file)
        .error(
          `policy ${source.id}: @stepUp names no acr value`,
          'name one, as in @stepUp("urn:example:loa:3")',
          annotationAt(source, 'stepUp'),
        );
    }
  },
};
