import { z } from 'zod';

/** The events that are understood, with their claims (CAEP 1.0, RISC 1.0, SSF 1.0). Unknown claims are ignored, as SSF demands. */

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';
const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/';

/** Claims that any CAEP event may have. */
const common = {
  /** When it happened, in seconds since the epoch. */
  event_timestamp: z.number().nonnegative().max(1e15).optional(),
  initiating_entity: z.string().optional(),
  reason_admin: z.record(z.string(), z.string()).optional(),
  reason_user: z.record(z.string(), z.string()).optional(),
};
const event = <T extends z.ZodRawShape>(shape: T) => z.looseObject({ ...common, ...shape });
const word = z.string().min(1).max(1_024);

export const EVENT_TYPES = {
  'session-revoked': { uri: `${CAEP}session-revoked`, claims: event({}) },
  'token-claims-change': {
    uri: `${CAEP}token-claims-change`,
    claims: event({ claims: z.record(z.string(), z.unknown()) }),
  },
  'credential-change': {
    uri: `${CAEP}credential-change`,
    claims: event({
      credential_type: word,
      change_type: z.enum(['create', 'revoke', 'update', 'delete']),
      friendly_name: z.string().optional(),
      x509_issuer: z.string().optional(),
      x509_serial: z.string().optional(),
    }),
  },
  'assurance-level-change': {
    uri: `${CAEP}assurance-level-change`,
    claims: event({
      namespace: word,
      current_level: word,
      previous_level: z.string().optional(),
      change_direction: z.enum(['increase', 'decrease']).optional(),
    }),
  },
  'device-compliance-change': {
    uri: `${CAEP}device-compliance-change`,
    claims: event({
      previous_status: z.enum(['compliant', 'not-compliant']),
      current_status: z.enum(['compliant', 'not-compliant']),
    }),
  },
  'session-established': { uri: `${CAEP}session-established`, claims: event({}) },
  'session-presented': { uri: `${CAEP}session-presented`, claims: event({}) },
  'risk-level-change': {
    uri: `${CAEP}risk-level-change`,
    claims: event({
      principal: word,
      current_level: z.enum(['LOW', 'MEDIUM', 'HIGH']),
      previous_level: z.string().optional(),
    }),
  },
  'account-disabled': { uri: `${RISC}account-disabled`, claims: event({ reason: z.string().optional() }) },
  'account-enabled': { uri: `${RISC}account-enabled`, claims: event({}) },
  'account-purged': { uri: `${RISC}account-purged`, claims: event({}) },
  'credential-compromise': { uri: `${RISC}credential-compromise`, claims: event({ credential_type: word }) },
  'sessions-revoked': { uri: `${RISC}sessions-revoked`, claims: event({}) },
  verification: { uri: `${SSF}verification`, claims: z.looseObject({ state: z.string().optional() }) },
  'stream-updated': {
    uri: `${SSF}stream-updated`,
    claims: z.looseObject({ status: z.enum(['enabled', 'paused', 'disabled']), reason: z.string().optional() }),
  },
} as const;
type EventName = keyof typeof EVENT_TYPES;

/** An event that is understood, with its claims read. */
export type SecurityEvent = {
  [Name in EventName]: { readonly name: Name; readonly claims: z.output<(typeof EVENT_TYPES)[Name]['claims']> };
}[EventName];

const BY_URI = new Map(Object.entries(EVENT_TYPES).map(([name, { uri }]) => [uri as string, name as EventName]));

/** The events that are requested of a transmitter: all but those that it sends by itself. */
export const REQUESTED = Object.entries(EVENT_TYPES)
  .filter(([name]) => name !== 'verification' && name !== 'stream-updated')
  .map(([, { uri }]) => uri as string);

/**
 * Reads an event.
 *
 * @returns undefined for a type that is not understood; a text that says what is wrong with one that is
 */
export function readEvent(uri: string, claims: unknown): SecurityEvent | string | undefined {
  const name = BY_URI.get(uri);
  if (name === undefined) return undefined;
  const read = EVENT_TYPES[name].claims.safeParse(claims);
  if (read.success) return { name, claims: read.data } as SecurityEvent;
  const [issue] = read.error.issues;
  return `events.${uri}.${issue?.path.join('.')}: ${issue?.message}`;
}
