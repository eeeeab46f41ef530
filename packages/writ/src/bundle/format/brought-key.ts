import { z } from 'zod';
import { durationShape } from '../../lib/duration-shape.js';

/** The key of a caller, client or front that comes from outside: a file, as a mounted secret, or a variable. The bundle never has it. */
export const broughtKey = z
  .strictObject(
    {
      file: z.string().min(1).max(4_096).optional(),
      env: z
        .string()
        .regex(/^[A-Za-z_]\w*$/, 'a variable is a name like DOCS_API_KEY')
        .optional(),
      overlap: durationShape
        .optional()
        .describe('How long the key before it still counts when another one is brought in.'),
    },
    { error: 'a key is not written in the bundle: name its file or variable, as in key: { env: DOCS_API_KEY }' },
  )
  .refine(({ file, env }) => (file === undefined) !== (env === undefined), {
    message: 'a key that is brought in has a `file` or an `env`',
  });
