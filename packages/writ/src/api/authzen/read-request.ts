import type { AccessRequest } from '@writ/sdk/authzen';
import { z } from 'zod';
import { MAX_NAME, plainEvaluation } from './plain-evaluation.js';

/**
 * The shapes of AuthZEN requests (Authorization API 1.0). Fields that nobody knows are ignored, as the specification
 * demands; identifiers are taken as they are: two that differ in normalisation are two.
 */

const properties = z.record(z.string(), z.unknown()).optional();
const name = z.string().min(1).max(MAX_NAME);

const entityShape = z.object({ type: name, id: name, properties });
const actionShape = z.object({ name, properties });
const contextShape = z.record(z.string(), z.unknown());

/** An access evaluation request (section 6.1). */
export const evaluationShape = z.object({
  subject: entityShape,
  action: actionShape,
  resource: entityShape,
  context: contextShape.optional(),
});

const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const;
export type Semantic = (typeof SEMANTICS)[number];

/** How many evaluations one request may have: their ids must fit the header of the answer. */
const MAX_BATCH = 250;

/** The parts of an access evaluations request (section 7.1); what an item merges to is checked by itself. */
export const evaluationsShape = z.object({
  subject: z.unknown().optional(),
  action: z.unknown().optional(),
  resource: z.unknown().optional(),
  context: z.unknown().optional(),
  evaluations: z
    .array(z.record(z.string(), z.unknown()))
    .max(MAX_BATCH, `a request has at most ${MAX_BATCH} evaluations; send more in a request of their own`)
    .optional(),
  options: z.object({ evaluations_semantic: z.enum(SEMANTICS).default('execute_all') }).optional(),
});

const page = z
  .object({
    token: z.string().max(4_096).optional(),
    limit: z.int().min(0).optional(),
    properties,
  })
  .optional();

/** The entity that is searched for: its id is ignored. */
const soughtShape = z.object({ type: name });

export const subjectSearchShape = z.object({
  subject: soughtShape,
  action: actionShape,
  resource: entityShape,
  context: contextShape.optional(),
  page,
});
export const resourceSearchShape = z.object({
  subject: entityShape,
  action: actionShape,
  resource: soughtShape,
  context: contextShape.optional(),
  page,
});
export const actionSearchShape = z.object({
  subject: entityShape,
  resource: entityShape,
  context: contextShape.optional(),
  page,
});
export type Page = z.output<typeof page>;

/** A value of the shape, or what is wrong with it. */
export type Read<T> = { readonly value: T } | { readonly error: string };

/** Reads an access evaluation request. */
export function readEvaluation(json: unknown): Read<AccessRequest> {
  const plain = plainEvaluation(json);
  if (plain !== undefined) return { value: plain };
  const result = evaluationShape.safeParse(json);
  if (result.success) return { value: result.data as AccessRequest };
  const [issue] = result.error.issues;
  return { error: `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'malformed'}` };
}
