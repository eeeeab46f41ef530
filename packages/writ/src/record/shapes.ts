import { z } from 'zod';
import type { Holding } from '../ledger/holding.js';
import type { DecisionId } from '../lib/ids.js';
import { type PlainOf, typed } from './field.js';
import { RECORD_VERSION } from './version.js';

/** The shapes that several fields of records share. */

export const version = z.literal(RECORD_VERSION).describe('The version of this form');
export const uid = z.strictObject({ type: z.string(), id: z.string() });
export const ulid = z
  .string()
  .regex(/^[0-9A-HJKMNP-TV-Z]{26}$/)
  .describe('A ULID; ids ascend through the log');
export const decisionId = typed<DecisionId>()(ulid);
export const time = z.iso.datetime().describe('RFC 3339, UTC');
export const json = z.record(z.string(), z.unknown());
export const entity = z.strictObject({ type: z.string(), id: z.string(), properties: json.optional() });

/** Stands for a value that was masked. */
export const masked = z
  .strictObject({ masked: z.string().regex(/^(dropped|hmac-sha256:[\w-]{43})$/) })
  .describe('A value that was masked: `dropped`, or a keyed hash that is the same for the same value');

export const holding = typed<Holding>()(
  z
    .strictObject({
      accumulator: z.string(),
      fold: z.string(),
      key: z.string(),
      amount: z.union([z.array(z.string()), z.number(), z.string()]),
      until: z.number().optional().describe('When its window takes it out, in milliseconds since the epoch'),
    })
    .describe('What is held of an accumulator'),
);

export const fact = z
  .strictObject({
    uid,
    attributes: json.describe("The attributes that the registry held, in Cedar's JSON"),
    ancestors: z.array(uid).describe('Roles and groups that it was in'),
    tags: json.optional(),
    ages: z
      .record(z.string(), z.strictObject({ source: z.string(), asOf: time }))
      .optional()
      .describe('The source of attributes that have an age, and when they were true'),
    withheld: z.array(z.string()).optional().describe('Attributes that were too old to rely on'),
    granted: z
      .array(z.strictObject({ grant: z.string(), in: uid }))
      .optional()
      .describe('Groups that a grant put it in for a time'),
    asserted: z
      .array(z.string())
      .optional()
      .describe('Attributes that the caller asserted; the request has their values'),
  })
  .describe('An entity as the decision saw it');

/** An entity as a decision saw it. */
export type FactRecord = PlainOf<typeof fact>;

export const provenance = z
  .strictObject({
    path: z
      .array(uid)
      .min(1)
      .describe('The delegation path: the originator (human principal or service) first, the present actor last'),
    assurance: z.int().min(0).max(4),
    txn: z.string().optional().describe('The transaction that it is part of'),
    isPlain: z.literal(true).optional().describe('That `txn` is a task without a token'),
    began: z
      .strictObject({
        by: z.enum(['prompt', 'session', 'name', 'call']),
        kind: z.string().optional(),
        prompt: z
          .strictObject({ hash: z.string(), length: z.int(), from: z.int() })
          .optional()
          .describe('The keyed hash of the prompt, its length in characters, and where the part begins that is new'),
      })
      .optional()
      .describe('How a task without a token began, of the decision that begins it'),
    scope: z.array(z.string()).optional().describe('What the token permits'),
    promptHash: z.string().optional(),
    session: z.string().optional(),
    tokens: z.array(z.string()).optional().describe('The ids of the tokens that proved it'),
    provedAt: z
      .number()
      .optional()
      .describe('When the originator proved its identity, in milliseconds since the epoch'),
  })
  .describe('Who asks, for whom, through whom');
