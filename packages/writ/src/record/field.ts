import type { AccessRequest } from '@writ/sdk/authzen';
import type { z } from 'zod';

/** The values of a schema as a record has them: read-only, and a member that is absent is not there at all. */
type Plain<T> = unknown extends T
  ? T
  : // A branded text is an object too.
    T extends string | number
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> }
      : T;

/** The type of a schema's values, as a record has them. */
export type PlainOf<S extends z.ZodType> = Plain<Exclude<z.output<S>, undefined>>;

/** Lines of an explanation, for a value of one field. The request is that of the same record. */
export type LinesOf<T> = (value: T, request: AccessRequest) => readonly string[];

/** A part of an explanation: why it was decided so, on what, and which decision it is. */
export type Section = 'why' | 'inputs' | 'decision';

/**
 * How `writ explain` shows a field: in the first sentence, in lines of a section, as a part of the last line; or not at all, because
 * it says nothing to a person.
 */
export type Explanation<T> = 'sentence' | 'hidden' | { readonly section: Section; readonly lines: LinesOf<T> };

/** How a field reaches people, the log and collectors. */
interface Presentation<T> {
  readonly explain: Explanation<T>;
  /** Its place in an OCSF event: attributes of the event, or its own name in `unmapped.writ`. Absent if ocsf.ts places it. */
  readonly ocsf?: 'unmapped' | ((value: T) => Readonly<Record<string, unknown>>);
}

export interface Field<S extends z.ZodType = z.ZodType> extends Presentation<PlainOf<S>> {
  /** With a description for the published schema; optional if a record need not have the field. */
  readonly schema: S;
}

/** Describes a field of a record. */
export function field<S extends z.ZodType>(schema: S, presentation: Presentation<PlainOf<S>>): Field<S> {
  return { schema, ...presentation };
}

/** Returns a schema for values of a type that is declared elsewhere. Each value of the type must fit the schema. */
export function typed<T>(): <S extends z.ZodType>(schema: [T] extends [PlainOf<S>] ? S : never) => z.ZodType<T> {
  return (schema) => schema as unknown as z.ZodType<T>;
}
