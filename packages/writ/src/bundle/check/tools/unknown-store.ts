import type { Rule } from '../rule.js';

/** A store for which `tools.yaml` says how long labels are kept, and that no tool writes. */
export const unknownStore: Rule = {
  code: 'tools/unknown-store',
  check({ tools: { tools, stores } }, find) {
    const written = new Set(Object.values(tools).flatMap(({ writes, creates }) => writes ?? creates ?? []));
    for (const name of Object.keys(stores)) {
      if (written.has(name)) continue;
      find
        .in('tools.yaml')
        .warning(`no tool writes the store ${name}`, 'labels are kept for ever in stores that are not named here', [
          'stores',
          name,
        ]);
    }
  },
};
