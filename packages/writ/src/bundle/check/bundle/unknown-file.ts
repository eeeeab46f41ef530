import type { Rule } from '../rule.js';

/** A file that looks like one of a bundle, and is not read. */
export const unknownFile: Rule = {
  code: 'bundle/unknown-file',
  check({ unread }, find) {
    for (const file of unread)
      find.in(file).warning('the bundle does not read this file', 'rename it, or move it out of the bundle', 0);
  },
};
