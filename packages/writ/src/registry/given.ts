import type { EntityJson, EntityUid } from '@writ/cedar';
import { defined } from '@writ/sdk/lib/defined';
import { z } from 'zod';
import { millisecondsOf } from '../lib/duration.js';
import { durationShape } from '../lib/duration-shape.js';
import type { FactMeta } from './fact-rules.js';

/** An entity, with the source and age of single attributes. */
export interface EntityGiven {
  readonly entity: EntityJson & { readonly uid: EntityUid };
  readonly facts?: Readonly<Record<string, FactMeta>> | undefined;
}

export const uidShape = z.object({ type: z.string().min(1), id: z.string() });
const entityShape = z.object({
  uid: uidShape,
  attrs: z.record(z.string(), z.unknown()).optional(),
  parents: z.array(uidShape).optional(),
  tags: z.record(z.string(), z.unknown()).optional(),
});

/** The source of one attribute, when it was true, and for how long it may be relied on. */
const factShape = z.strictObject({
  source: z.string().min(1).max(1_024).optional(),
  asOf: z.iso.datetime({ offset: true }).optional(),
  maxAge: durationShape.optional(),
});

/** An entity of Cedar's JSON entities format, with `facts` beside its attributes. */
export const givenShape = entityShape.extend({ facts: z.record(z.string(), factShape).optional() });
export type GivenJson = z.output<typeof givenShape>;

/** Reads an entity of an API or a file. */
export function readGiven({ facts, ...entity }: GivenJson): EntityGiven {
  const said = facts && Object.entries(facts).map(([name, fact]) => [name, metaOf(fact)] as const);
  return {
    entity: entity as EntityGiven['entity'],
    ...(said === undefined || said.length === 0 ? {} : { facts: Object.fromEntries(said) }),
  };
}

/** Returns an entity as {@link readGiven} reads it. */
export function givenJson({ entity, facts }: EntityGiven): GivenJson {
  if (facts === undefined) return entity as GivenJson;
  const said = Object.entries(facts).map(([name, { source, asOf, maxAge }]) => [
    name,
    defined({
      source,
      asOf: asOf === undefined ? undefined : new Date(asOf).toISOString(),
      maxAge: maxAge === undefined ? undefined : `${maxAge}ms`,
    }),
  ]);
  return { ...(entity as GivenJson), facts: Object.fromEntries(said) };
}

function metaOf({ source, asOf, maxAge }: z.output<typeof factShape>): FactMeta {
  return defined({
    source,
    asOf: asOf === undefined ? undefined : Date.parse(asOf),
    maxAge: maxAge === undefined ? undefined : millisecondsOf(maxAge),
  });
}
