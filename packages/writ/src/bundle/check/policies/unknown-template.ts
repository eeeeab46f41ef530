import { annotated, annotationAt } from '../annotated.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { actionOf } from '../schema-parts.js';

/** A template of requests that `access.yaml` does not have. */
export const unknownTemplate: Rule = {
  code: 'policies/unknown-template',
  check(bundle, find) {
    if (actionOf(bundle, 'approve') === undefined) return;
    const near = new NearNames(Object.keys(bundle.access.templates));
    for (const { source, annotations } of annotated(bundle)) {
      const { requestable: template = '' } = annotations;
      if (template === '' || Object.hasOwn(bundle.access.templates, template)) continue;
      find
        .in(source.file)
        .warning(
          `policy ${source.id}: access.yaml has no template ${template}`,
          near.help(template, 'declare who is asked, how many, and for how long'),
          annotationAt(source, 'requestable'),
        );
    }
  },
};
