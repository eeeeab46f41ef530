import { z } from 'zod';

/** How entities and things of a bundle are called in its YAML files. */

export const uidText = z
  .string()
  .regex(/^[A-Za-z_][\w:]*::"(?:[^"\\]|\\.)*"$/, 'an entity is written Type::"id", as in Agent::"support-bot"');

/** The name of an entity type, in its namespace if it has one. */
export const typeName = z
  .string()
  .regex(/^[A-Za-z_][\w:]*$/, 'an entity type is a name of the schema, as Agent or Shop::Agent');

/** The name of a header of HTTP. */
export const headerName = z.string().regex(/^[\w-]+$/, 'a header is letters, digits, dashes and _, as Authorization');

export const name = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'a name is lower-case letters, digits, dots and dashes');
