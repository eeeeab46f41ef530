import { z } from 'zod';
import type { AccessRequest } from '../decide/request.js';

/** The shapes of request bodies. Fields that nobody knows are ignored, as AuthZEN demands. */

const properties = z.record(z.string(), z.unknown()).optional();
const entity = z.object({ type: z.string().min(1), id: z.string().min(1), properties });

const evaluation = z.object({
  subject: entity,
  action: z.object({ name: z.string().min(1), properties }),
  resource: entity,
  context: z.record(z.string(), z.unknown()).optional(),
});

const outcome = z.object({
  decisionId: z.string().min(1),
  status: z.enum(['completed', 'failed', 'not-executed', 'unknown']),
});

/** A value of the shape, or what is wrong with it. */
export type Read<T> = { readonly value: T } | { readonly error: string };

function read<T>(shape: z.ZodType<T>, json: unknown): Read<T> {
  const result = shape.safeParse(json);
  if (result.success) return { value: result.data };
  const issue = result.error.issues[0];
  return { error: `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'malformed'}` };
}

/** Reads an access evaluation request (AuthZEN Authorization API 1.0, section 6.1). */
export function readEvaluation(json: unknown): Read<AccessRequest> {
  return read(evaluation, json) as Read<AccessRequest>;
}

export const readOutcome = (json: unknown): Read<z.infer<typeof outcome>> => read(outcome, json);
