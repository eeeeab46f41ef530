import type { BundleFiles } from '../../files.js';
import type { Find } from '../findings.js';

/** A file or a folder that looks like one of a bundle, and is not read. One among the policies is an error of reading. */
export const unknownFile = {
  code: 'bundle/unknown-file',
  /** Needs no bundle that can be read, because a file that is missing may be the one of another name. */
  check({ unread }: Pick<BundleFiles, 'unread'>, find: Find): void {
    for (const { path, isAmongPolicies, meant } of unread) {
      if (isAmongPolicies) continue;
      const help = meant === undefined ? 'rename it, or move it out of the bundle' : `did you mean ${meant}?`;
      find.in(path).warning('the bundle does not read this', help, 0);
    }
  },
};
