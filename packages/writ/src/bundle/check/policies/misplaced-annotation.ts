import { annotated, annotationAt } from '../annotated.js';
import type { Rule } from '../rule.js';

/** The annotations that only one effect can have, and what they do there. */
const PLACES = [
  { name: 'obligation', wrongOn: 'forbid', help: 'a permit asks for obligations; put it on the permit' },
  {
    name: 'highRisk',
    wrongOn: 'forbid',
    help: 'it withholds a permit while revocations are stale; put it on the permit',
  },
  { name: 'stepUp', wrongOn: 'permit', help: 'it says how a forbid can be lifted; put it on the forbid' },
  { name: 'requestable', wrongOn: 'permit', help: 'it says how a forbid can be lifted; put it on the forbid' },
] as const;

/** An annotation on a policy of the effect that it does nothing for. */
export const misplacedAnnotation: Rule = {
  code: 'policies/misplaced-annotation',
  check(bundle, find) {
    for (const { source, effect, annotations } of annotated(bundle)) {
      for (const { name, wrongOn, help } of PLACES) {
        if (effect !== wrongOn || annotations[name] === undefined) continue;
        const message = `policy ${source.id}: @${name} stands on a ${effect}`;
        find.in(source.file).error(message, help, annotationAt(source, name));
      }
    }
  },
};
