import { z } from 'zod';

/**
 * The shape of `writ.NAME.yaml`: the parts of a bundle that differ from one environment to another. These are addresses, the places of
 * keys, the commands of servers, and limits. Nothing in it names a policy, a caller, a client or a rule. The values are checked with
 * those that they replace, in the shapes of their files.
 */

const text = z.string().min(1);
const texts = z.record(z.string(), z.string());

const server = z.strictObject({
  command: text.optional(),
  args: z.array(z.string()).optional(),
  env: texts.optional(),
  url: text.optional(),
  transport: text.optional(),
  headers: texts.optional(),
  root: z.string().optional(),
  timeout: text.optional(),
  concurrency: z.number().optional(),
});

/** Of a service for HTTP: where it is, under which names, and the certificates and the credential there. */
const service = z.strictObject({
  upstream: text.optional(),
  tls: z.strictObject({ ca: text.optional(), cert: text.optional(), key: text.optional() }).optional(),
  hosts: z.array(text).min(1).optional(),
  credential: texts.optional(),
});

const names = <T extends z.ZodType>(of: T) => z.record(z.string(), of).optional();

/** The parts of each file, by the member of the bundle that it becomes. */
const parts = {
  settings: {
    gateway: z.strictObject({ resource: text.optional(), servers: names(server) }).optional(),
    http: z.strictObject({ services: names(service) }).optional(),
    issuers: names(z.strictObject({ jwks: text })),
    spiffe: names(z.strictObject({ bundle: text })),
    signals: z
      .strictObject({
        receive: names(
          z.strictObject({
            jwks: text.optional(),
            endpoint: text.optional(),
            authorization: text.optional(),
            pushAuthorization: text.optional(),
          }),
        ),
        transmit: names(
          z.strictObject({ push: z.strictObject({ url: text.optional(), authorization: text.optional() }) }),
        ),
      })
      .optional(),
    record: z
      .strictObject({
        export: names(
          z.strictObject({
            url: text.optional(),
            headers: texts.optional(),
            file: text.optional(),
            folder: text.optional(),
          }),
        ),
      })
      .optional(),
  },
  facts: z.strictObject({
    fetchers: names(
      z.strictObject({
        timeout: text.optional(),
        http: z.strictObject({ url: text.optional(), headers: texts.optional() }).optional(),
        sql: z.strictObject({ url: text }).optional(),
        file: z.strictObject({ path: text }).optional(),
      }),
    ),
  }),
  access: z.strictObject({
    notify: names(
      z.strictObject({
        url: text.optional(),
        secret: text.optional(),
        server: text.optional(),
        from: text.optional(),
      }),
    ),
  }),
};

export const overlayYaml = z.strictObject({
  ...parts.settings,
  facts: parts.facts.optional(),
  access: parts.access.optional(),
});

/** The members of a bundle that an overlay changes, each with its place in the overlay: `writ.yaml` is its root. */
export const OVERLAID = { settings: undefined, facts: 'facts', access: 'access' } as const;
