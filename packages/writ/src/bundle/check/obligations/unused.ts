import { annotated, obligationsIn } from '../annotated.js';
import type { Rule } from '../rule.js';

/** An obligation that no policy asks for. */
export const unusedObligation: Rule = {
  code: 'obligations/unused',
  check(bundle, find) {
    const used = new Set([...annotated(bundle)].flatMap(obligationsIn));
    for (const name of Object.keys(bundle.obligations.obligations)) {
      if (used.has(name)) continue;
      find
        .in('obligations.yaml')
        .warning(`no policy asks for the obligation ${name}`, 'remove it, or use @obligation', ['obligations', name]);
    }
  },
};
