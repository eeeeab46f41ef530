import { annotated, annotationAt } from '../annotated.js';
import type { Rule } from '../rule.js';
import { actionOf } from '../schema-parts.js';

/** A denial that can be asked for, and that nobody can approve. */
export const unapprovableRequest: Rule = {
  code: 'policies/unapprovable-request',
  check(bundle, find) {
    if (actionOf(bundle, 'approve') !== undefined) return;
    for (const { source, annotations } of annotated(bundle)) {
      if (annotations.requestable === undefined) continue;
      find
        .in(source.file)
        .warning(
          `policy ${source.id}: it can be asked for, and nobody can approve it`,
          'declare the action approve in the schema, and permit it in a policy',
          annotationAt(source, 'requestable'),
        );
    }
  },
};
