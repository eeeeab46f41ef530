import { z } from 'zod';

/** How entities and things of a bundle are called in its YAML files. */

export const uidText = z
  .string()
  .regex(/^[A-Za-z_][\w:]*::"(?:[^"\\]|\\.)*"$/, 'an entity is written Type::"id", as in Agent::"support-bot"');

export const name = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'a name is lower-case letters, digits, dots and dashes');
