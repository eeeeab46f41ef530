import { isAbsolute, resolve } from 'node:path';
import { messageOf } from '@writ/sdk/lib/message-of';
import { clientTlsIn } from '../../../lib/client-tls.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** Certificates for a service that cannot be read, without which its proxy does not start. */
export const upstreamTls: Rule = {
  code: 'http/upstream-tls',
  check({ root, settings: { http } }, find) {
    for (const [name, { tls }] of Object.entries(http.services)) {
      if (tls === undefined) continue;
      const { ca, cert, key } = tls;
      const groups = [
        { of: ['ca'], files: [ca] },
        { of: ['cert', 'key'], files: [cert, key] },
      ] as const;
      for (const { of, files } of groups) {
        if (files[0] === undefined) continue;
        const paths = files.map((file) => (file === undefined ? undefined : resolve(root, file)));
        try {
          clientTlsIn(Object.fromEntries(of.map((part, i) => [part, paths[i]])));
        } catch (error) {
          const at = valueAt(['http', 'services', name, 'tls', of[0]]);
          const found = find.in('writ.yaml');
          const help = 'put a PEM file there that the service can read';
          // A mounted secret is where the service runs, and not where its bundle is checked.
          if (files.every((file) => file === undefined || isAbsolute(file)))
            found.warning(messageOf(error), `${help}, or allow this finding where the file is not mounted`, at);
          else found.error(messageOf(error), help, at);
        }
      }
    }
  },
};
