import { z } from 'zod';
import { durationShape } from '../../lib/duration-shape.js';
import { uidText } from '../names.js';
import { httpUrl } from './url.js';

/** The shape of `access.yaml`: the people who are asked when a denial can be lifted, for how long, and how they are notified. */

const name = z.string().regex(/^[\w.-]+$/, 'a name is letters, digits, dots, dashes and _');

const step = z.strictObject({
  after: durationShape.describe('The time after the step before. Approvals that were given until then stay.'),
  ask: z.array(uidText).min(1).describe('The people who are asked in addition.'),
});

/** How long what is approved holds, at most. */
const lifetimes = z
  .strictObject({
    once: durationShape.default('15m'),
    task: durationShape.default('8h'),
    until: durationShape.default('7d'),
  })
  .default({ once: '15m', task: '8h', until: '7d' });

const template = z.strictObject({
  title: z.string().min(1).optional(),
  consent: z
    .boolean()
    .default(false)
    .describe('Whether the originator is asked, for their consent to exactly this call, and nobody else.'),
  ask: z
    .array(uidText)
    .default([])
    .describe('The people who are asked, or groups of them. The policies on `approve` say who of them may approve.'),
  quorum: z.int().min(1).max(10).default(1).describe('The number of people who have to approve, of different lineage.'),
  escalate: z.array(step).default([]),
  expires: durationShape.default('1h').describe('The request is denied if nobody decides within this time.'),
  lifetimes,
  notify: z.array(name).default([]).describe('The channels of `notify` that they are notified through.'),
  schema: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('JSON Schema of the form that the requester fills in, in `context` and `requested_access`.'),
  catalogs: z
    .record(
      z.string().startsWith('/', 'a field is a JSON Pointer, as /context/order'),
      z.strictObject({ type: z.string().min(1), label: z.string().optional() }),
    )
    .default({})
    .describe('Fields whose values are ids of entities, by JSON Pointer.'),
  emergency: z
    .strictObject({ for: durationShape, notify: z.array(name).min(1) })
    .optional()
    .describe(
      'Whether it can be taken without an approval in an emergency, and for how long. The policies on `break_glass` say by whom.',
    ),
});

const secret = z.string().min(1);
const channel = z.discriminatedUnion('to', [
  z.strictObject({
    to: z.literal('webhook'),
    url: httpUrl,
    /** Of the HMAC-SHA256 over the body; `${env:NAME}` for one in the environment. */
    secret,
  }),
  z.strictObject({
    to: z.literal('mail'),
    server: z
      .string()
      .regex(
        /^(smtps?:\/\/\S+|\$\{env:\w+\})$/,
        'it must be an address of smtps or smtp, as smtps://user:password@mail.example',
      )
      .describe('As smtps://user:password@mail.example, smtp://mail.example:587.'),
    from: z.string().min(3),
    address: z.string().min(1).default('email').describe('The attribute of people that has their address.'),
  }),
]);

export const accessYaml = z
  .strictObject({
    templates: z
      .record(name, template)
      .default({})
      .describe('By the name that `@requestable("…")` uses; `default` for one that is not here.'),
    notify: z.record(name, channel).default({}),
    callbacks: z
      .strictObject({
        allow: z.array(httpUrl).default([]).describe('URLs, or beginnings of them that end with a slash.'),
        secret: secret.optional().describe('Of the HMAC-SHA256 over the body.'),
      })
      .default({ allow: [] })
      .describe('The addresses that callers may be called back at.'),
    gateway: z
      .strictObject({
        stepUp: z
          .enum(['wait', 'reference'])
          .default('reference')
          .describe(
            '`wait`: the call waits, at most for the time `wait`. `reference`: it is denied with a reference, and can be asked again.',
          ),
        wait: durationShape.default('60s'),
        justify: z
          .boolean()
          .default(false)
          .describe(
            'Whether the user is asked first, where their client can ask them (MCP elicitation): for what it is needed, or not to ask.',
          ),
        defer: durationShape
          .default('10s')
          .describe('How long a call waits for a fact that is missing, and how many of a task do at once.'),
        deferred: z.int().min(0).max(1_000).default(8),
      })
      .default({ stepUp: 'reference', wait: '60s', justify: false, defer: '10s', deferred: 8 })
      .describe('The handling of a call that a person has to approve, or that waits for a fact.'),
  })
  .superRefine(({ templates, notify, callbacks }, context) => {
    for (const [id, { consent, ask, quorum, escalate, emergency }] of Object.entries(templates)) {
      if (!consent) continue;
      const add = (message: string) => context.addIssue({ code: 'custom', path: ['templates', id], message });
      // A name that is not declared falls to `default`, and nobody meant the originator by that.
      if (id === 'default') add('`default` is for what names no template, and cannot be a consent');
      if (ask.length > 0 || escalate.length > 0 || quorum !== 1)
        add('a consent is of the originator alone: leave out `ask`, `escalate` and `quorum`');
      if (emergency !== undefined) add('a consent is not taken in an emergency');
    }
    for (const [id, { notify: named, emergency }] of Object.entries(templates))
      for (const one of [...named, ...(emergency?.notify ?? [])])
        if (!Object.hasOwn(notify, one))
          context.addIssue({ code: 'custom', path: ['templates', id], message: `${one} is not one of notify` });
    if (callbacks.allow.length > 0 && callbacks.secret === undefined)
      context.addIssue({
        code: 'custom',
        path: ['callbacks'],
        message: 'callbacks are signed: give them a `secret`',
      });
  });

export type AccessYaml = z.output<typeof accessYaml>;
type AccessTemplate = AccessYaml['templates'][string];
export const DEFAULT_TEMPLATE: AccessTemplate = template.parse({});
/** The access of a bundle without `access.yaml`. */
export const DEFAULT_ACCESS: AccessYaml = accessYaml.parse({});
