import { z } from 'zod';

/** Subject identifiers (RFC 9493; SSF 1.0, section 3): who or what an event is about. */

const text = z.string().min(1).max(4_096);
const simpleShape = z.discriminatedUnion('format', [
  z.looseObject({ format: z.literal('account'), uri: text }),
  z.looseObject({ format: z.literal('email'), email: text }),
  z.looseObject({ format: z.literal('iss_sub'), iss: text, sub: text }),
  z.looseObject({ format: z.literal('opaque'), id: text }),
  z.looseObject({ format: z.literal('phone_number'), phone_number: text }),
  z.looseObject({ format: z.literal('did'), url: text }),
  z.looseObject({ format: z.literal('uri'), uri: text }),
  z.looseObject({ format: z.literal('jwt_id'), iss: text, jti: text }),
  z.looseObject({ format: z.literal('saml_assertion_id'), issuer: text, assertion_id: text }),
  z.looseObject({ format: z.literal('ip-addresses'), 'ip-addresses': z.array(text).min(1) }),
]);
export type SimpleSubject = z.output<typeof simpleShape>;

/** The members of a complex subject that are understood. `agent` and `workload` are ours, as SSF lets there be. */
const MEMBERS = [
  'user',
  'session',
  'device',
  'agent',
  'workload',
  'application',
  'tenant',
  'org_unit',
  'group',
] as const;
type SubjectMember = (typeof MEMBERS)[number];

/** The subject of an event, by its parts. */
export type EventSubject = Partial<Record<SubjectMember, SimpleSubject>>;

/**
 * Reads a `sub_id`. A simple subject is the user, unless it names a token.
 *
 * @param critical members without which the subject may not be understood (`critical_subject_members`)
 * @returns a text that says what is wrong with it
 */
export function readSubject(subId: unknown, critical: readonly string[]): EventSubject | string {
  if (typeof subId !== 'object' || subId === null) return 'sub_id is not a subject identifier';
  const { format, ...members } = subId as Record<string, unknown>;
  if (format === 'aliases') {
    const [first] = Array.isArray(members.identifiers) ? members.identifiers : [];
    return readSubject(first, critical);
  }
  if (format !== 'complex') {
    const read = simpleShape.safeParse(subId);
    return read.success
      ? { user: read.data }
      : `sub_id: the format ${String(format)} is not understood, or not complete`;
  }
  const subject: EventSubject = {};
  for (const [name, member] of Object.entries(members)) {
    const isKnown = (MEMBERS as readonly string[]).includes(name);
    const read = isKnown ? simpleShape.safeParse(member) : undefined;
    if (read?.success === true) subject[name as SubjectMember] = read.data;
    else if (critical.includes(name)) return `sub_id: the critical member ${name} is not understood`;
    else if (isKnown) return `sub_id.${name} is not a subject identifier`;
  }
  return Object.keys(subject).length === 0 ? 'sub_id names nobody' : subject;
}
