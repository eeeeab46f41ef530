import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { EVENT_TYPES } from '../../signals/event-types.js';
import { AUTHORITY_REINSTATED, AUTHORITY_REVOKED } from '../../signals/outgoing.js';
import type { ServedReceiver, ServedSignals } from '../../signals/served.js';
import type { AuthenticatedCaller } from '../http/callers.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

const PUSH = 'urn:ietf:rfc:8935';
const POLL = 'urn:ietf:rfc:8936';
const DELIVERED = [EVENT_TYPES['session-revoked'].uri, AUTHORITY_REVOKED, AUTHORITY_REINSTATED];
const MAX_EVENTS = 100;

const streamShape = z.object({
  stream_id: z.string(),
  iss: z.string(),
  aud: z.string(),
  delivery: z.object({ method: z.string(), endpoint_url: z.string() }),
  events_supported: z.array(z.string()),
  events_requested: z.array(z.string()),
  events_delivered: z.array(z.string()),
});
const pollShape = z.object({
  maxEvents: z.int().min(0).optional(),
  returnImmediately: z.boolean().optional(),
  ack: z.array(z.string()).max(10_000).default([]),
  setErrs: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

/** The operations for receivers of our events (OpenID SSF 1.0, section 7; RFC 8936). The bundle declares their streams. */
export function transmitRoutes(signals: ServedSignals, issuer: () => string): Route[] {
  const description = { kind: 'area', area: 'description', how: 'read' } as const;
  /** Returns a receiver of the caller. @throws {Problem} 404, also for a stream of another caller */
  const find = (name: string, caller: AuthenticatedCaller): ServedReceiver => {
    const found = signals.receiver(name);
    if (found === undefined || found.caller !== caller.enforcementPoint)
      throw new Problem(404, `there is no stream ${name}, or it is not yours`);
    return found;
  };
  const viewOf = ({ delivery }: ServedReceiver): z.output<typeof streamShape> => {
    const { name, audience, push } = delivery.receiver;
    return {
      stream_id: name,
      iss: issuer(),
      aud: audience,
      delivery:
        push === undefined
          ? { method: POLL, endpoint_url: `${issuer()}/ssf/poll/${name}` }
          : { method: PUSH, endpoint_url: push.url },
      events_supported: DELIVERED,
      events_requested: DELIVERED,
      events_delivered: DELIVERED,
    };
  };
  const streamQuery = z.object({ stream_id: z.string() });
  const notFound = { description: 'There is no such stream, or it is not the caller’s' };
  return [
    route({
      method: 'GET',
      url: '/.well-known/ssf-configuration',
      operationId: 'getSsfConfiguration',
      tag: 'Signals',
      summary: 'Get the configuration of the transmitter (SSF 1.0, section 7.1)',
      access: description,
      answers: {
        200: { description: 'The configuration', shape: z.record(z.string(), z.unknown()) },
        404: { description: 'The bundle has no receivers' },
      },
      handle() {
        if (!signals.hasReceivers) throw new Problem(404, 'the bundle tells nobody: writ.yaml, `signals.transmit`');
        const at = issuer();
        return {
          spec_version: '1_0',
          issuer: at,
          jwks_uri: `${at}/.well-known/jwks.json`,
          delivery_methods_supported: [PUSH, POLL],
          configuration_endpoint: `${at}/ssf/streams`,
          status_endpoint: `${at}/ssf/status`,
          verification_endpoint: `${at}/ssf/verify`,
          authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6750' }],
          default_subjects: 'ALL',
        };
      },
    }),
    route({
      method: 'GET',
      url: '/ssf/streams',
      operationId: 'getSsfStream',
      tag: 'Signals',
      summary: 'Get the configuration of a stream',
      access: { kind: 'caller' },
      query: streamQuery,
      answers: { 200: { description: 'The stream', shape: streamShape }, 404: notFound },
      handle: ({ query, caller }) => viewOf(find(query.stream_id, caller)),
    }),
    route({
      method: 'GET',
      url: '/ssf/status',
      operationId: 'getSsfStatus',
      tag: 'Signals',
      summary: 'Get the status of a stream',
      access: { kind: 'caller' },
      query: streamQuery,
      answers: {
        200: { description: 'Its status', shape: z.object({ stream_id: z.string(), status: z.literal('enabled') }) },
        404: notFound,
      },
      handle({ query, caller }) {
        find(query.stream_id, caller);
        return { stream_id: query.stream_id, status: 'enabled' };
      },
    }),
    route({
      method: 'POST',
      url: '/ssf/verify',
      operationId: 'verifySsfStream',
      tag: 'Signals',
      summary: 'Ask for a verification event',
      access: { kind: 'caller' },
      body: z.object({ stream_id: z.string(), state: z.string().max(1_024).optional() }),
      answers: { 204: { description: 'The event is sent with the next ones' }, 404: notFound },
      handle({ body, caller, reply }) {
        find(body.stream_id, caller).delivery.verify(body.state, body.stream_id, randomUUID());
        reply.code(204);
      },
    }),
    route({
      method: 'POST',
      url: '/ssf/poll/:stream',
      operationId: 'pollEvents',
      tag: 'Signals',
      summary: 'Fetch events, and acknowledge those that are on disk (RFC 8936)',
      access: { kind: 'caller' },
      body: pollShape,
      answers: {
        200: {
          description: 'Events; answered at once',
          shape: z.object({ sets: z.record(z.string(), z.string()), moreAvailable: z.boolean() }),
        },
        404: notFound,
      },
      async handle({ params, body, caller }) {
        const { delivery } = find(params.stream ?? '', caller);
        if (delivery.receiver.push !== undefined) throw new Problem(404, 'the events of this stream are pushed');
        const done = [...body.ack, ...Object.keys(body.setErrs)];
        return delivery.poll(Math.min(body.maxEvents ?? MAX_EVENTS, MAX_EVENTS), done);
      },
    }),
  ];
}
