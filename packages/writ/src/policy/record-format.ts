import { z } from 'zod';

/** A witness that signs what the log came to: where it is, and its key as `<name>+<key id>+<key>`. */
const witness = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  key: z.string().regex(/^\S+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/, 'a key is the line that `writ witness` prints'),
});

/** How decisions are recorded. */
export const recordShape = z.strictObject({
  witnesses: z.array(witness).default([]),
});

export type RecordSettings = z.output<typeof recordShape>;
