import { type EntityUid, parseUid, type Schema } from '@writ/cedar';
import type { Method, ServicePolicy } from '../../bundle/service-policy.js';
import type { Caller, Rights } from '../../decide/caller.js';
import { type Speaking, speaksFor, speaksForItself } from '../../decide/speaking.js';
import type { AccessTokens } from '../../provenance/access-tokens.js';
import type { Holder } from '../../provenance/holder.js';

/** A caller as the bundle declares it. */
export interface DeclaredCaller {
  readonly roles: readonly string[];
  /** The one agent and the one person that it speaks for, as `Type::"id"`; without both it may speak for anybody. */
  readonly agent?: string | undefined;
  readonly for?: string | undefined;
  readonly certificate?: string | undefined;
  readonly token?: { readonly issuer: string; readonly subject: string } | undefined;
  /** The headers in which it says at the proxy for HTTP who asks. */
  readonly identityHeaders?: IdentityHeaders | undefined;
  readonly obligations: readonly string[];
  readonly detail: 'none' | 'reasons' | 'full';
}

interface IdentityHeader {
  readonly name: string;
  /** The entity type of the identity whose id is the value. */
  readonly type: string;
}

/** The headers of the person, and of the agent at work for that person. */
export interface IdentityHeaders {
  readonly for?: IdentityHeader | undefined;
  readonly agent?: IdentityHeader | undefined;
}

/** A caller that proved itself, with what it may do here. */
export interface AuthenticatedCaller extends Caller {
  /** Whether it proved no identity. */
  readonly isAnonymous: boolean;
  readonly detailByDefault: 'none' | 'reasons' | 'full';
  /** The one agent and the one person that it speaks for; undefined if it speaks for several or for a name alone. */
  readonly identity?: { readonly agent: EntityUid | undefined; readonly for: EntityUid | undefined } | undefined;
  readonly identityHeaders: IdentityHeaders;
  /** May it say in a header that an identity of this type asks? */
  mayIdentify(type: string): boolean;
  /** May it use this part of the admin API? */
  mayUse(how: 'read' | 'write', area: string): boolean;
  /** May it report outcomes? */
  mayReport(): boolean;
  /** May it exchange tokens? */
  mayExchange(): boolean;
}

/**
 * Callers that a service always has, unless the bundle declares them otherwise. `default` speaks for the agent of its own name alone:
 * its key is in a file that every program of its user can read.
 */
export const BUILT_IN: Readonly<Record<string, DeclaredCaller>> = {
  default: { roles: ['enforcement-point'], obligations: [], detail: 'none' },
  admin: { roles: ['administrator'], obligations: [], detail: 'none' },
};
const ADDED: DeclaredCaller = { roles: ['enforcement-point'], obligations: [], detail: 'none' };

interface CallersParts {
  readonly declared: Readonly<Record<string, DeclaredCaller>>;
  readonly policy: ServicePolicy;
  readonly schema: Schema;
  readonly tokens: AccessTokens;
  /** Whether an access token is revoked, by its revocation target. */
  readonly isRevoked: (token: string) => boolean;
  /** The entity types that are people. */
  readonly people: readonly string[];
}

/** Passed where no service, and so no revocation, is at hand. */
export const NO_TOKEN_REVOKED = (): boolean => false;

const NOBODY: DeclaredCaller = { roles: [], obligations: [], detail: 'none' };

/** The callers of one bundle. Created again for each bundle that is activated. */
export class Callers {
  private readonly declared: ReadonlyMap<string, DeclaredCaller>;
  private readonly byToken = new Map<string, string>();
  private readonly byCertificate = new Map<string, string>();
  private readonly made = new Map<string, AuthenticatedCaller>();

  constructor(private readonly parts: CallersParts) {
    this.declared = new Map(Object.entries({ ...BUILT_IN, ...parts.declared }));
    for (const [name, { token, certificate }] of this.declared) {
      if (token !== undefined) this.byToken.set(JSON.stringify([token.issuer, token.subject]), name);
      if (certificate !== undefined) this.byCertificate.set(certificate, name);
    }
  }

  get tokens(): AccessTokens {
    return this.parts.tokens;
  }

  get isRevoked(): (token: string) => boolean {
    return this.parts.isRevoked;
  }

  /** The caller that proved no identity. */
  get anonymous(): AuthenticatedCaller {
    return this.caller('anonymous', NOBODY, 'none');
  }

  withKey(name: string): AuthenticatedCaller | undefined {
    const declared = this.declared.get(name);
    return declared && this.caller(name, declared, 'key');
  }

  /** Returns the caller that an administrator added. */
  added({ name, agent, originator }: Omit<Extract<Holder, { kind: 'added' }>, 'kind'>): AuthenticatedCaller {
    const key = JSON.stringify(['added', name, agent, originator]);
    const caller = this.made.get(key) ?? this.make(name, ADDED, 'key', { agent, for: originator });
    this.made.set(key, caller);
    return caller;
  }

  withToken(issuer: string, subject: string): AuthenticatedCaller | undefined {
    const name = this.byToken.get(JSON.stringify([issuer, subject]));
    const declared = name === undefined ? undefined : this.declared.get(name);
    return name === undefined ? undefined : declared && this.caller(name, declared, 'token');
  }

  withCertificate(certificate: string): AuthenticatedCaller | undefined {
    const name = this.byCertificate.get(certificate);
    const declared = name === undefined ? undefined : this.declared.get(name);
    return name === undefined ? undefined : declared && this.caller(name, declared, 'certificate');
  }

  /** The names that client certificates are registered under. */
  get certificates(): ReadonlySet<string> {
    return new Set(this.byCertificate.keys());
  }

  private caller(name: string, declared: DeclaredCaller, method: Method): AuthenticatedCaller {
    const key = `${method}:${name}`;
    let caller = this.made.get(key);
    if (caller === undefined) {
      caller = this.make(name, declared, method);
      this.made.set(key, caller);
    }
    return caller;
  }

  /** Returns whom a caller speaks for; undefined for anybody. */
  private speakingOf(name: string, identity: AuthenticatedCaller['identity']): Speaking | undefined {
    if (identity !== undefined) return speaksFor(identity.agent, identity.for);
    const isOpen = name !== 'default' || Object.hasOwn(this.parts.declared, name);
    return isOpen ? undefined : speaksForItself(name, this.parts.people);
  }

  private make(
    name: string,
    declared: DeclaredCaller,
    method: Method,
    identity = identityOf(declared),
  ): AuthenticatedCaller {
    const { roles, obligations, detail, identityHeaders = {} } = declared;
    const speaking = this.speakingOf(name, identity);
    const who = { name, roles, method };
    const permits = (action: string, type: string, id: string, context?: Record<string, string>): boolean =>
      this.parts.policy.permits(who, action, { type, id }, context);
    const rights = this.rememberedRights(permits);
    const uses = new Memory();
    return {
      enforcementPoint: name,
      isAnonymous: method === 'none',
      rights,
      obligations,
      ...(speaking === undefined ? {} : { speaking }),
      ...(identity === undefined ? {} : { identity }),
      identityHeaders,
      detailByDefault: detail,
      mayIdentify: (type) =>
        uses.get('identify', type) ?? uses.set(permits('identify', 'EntityType', type), 'identify', type),
      mayUse: (how, area) => uses.get(how, area) ?? uses.set(permits(how, 'Area', area), how, area),
      mayExchange: () => uses.get('exchange') ?? uses.set(permits('exchange', 'Service', 'tokens'), 'exchange'),
      mayReport: () => uses.get('report') ?? uses.set(permits('report', 'Service', 'decisions'), 'report'),
    };
  }

  /** The service policies see nothing that changes, so an answer holds for as long as they do. */
  private rememberedRights(
    permits: (action: string, type: string, id: string, context?: Record<string, string>) => boolean,
  ): Rights {
    const asked = { evaluate: new Memory(), search: new Memory() };
    const asserted = { subject: new Memory(), resource: new Memory() };
    const other = new Memory();
    return {
      ask: (how, action, subjectType, resourceType) => {
        const known = asked[how].get(action, subjectType, resourceType);
        if (known !== undefined) return known;
        const answer = permits(how, 'Operation', action, { subjectType, resourceType });
        // Only what the schema knows is remembered: there is no end of other names.
        const isBounded =
          this.parts.schema.action({ type: 'Action', id: action }) !== undefined &&
          this.parts.schema.entityTypes.has(subjectType) &&
          this.parts.schema.entityTypes.has(resourceType);
        return isBounded ? asked[how].set(answer, action, subjectType, resourceType) : answer;
      },
      // Asked only about attributes that the schema has.
      assert: (part, type, attribute) =>
        asserted[part].get(type, attribute) ??
        asserted[part].set(permits('assert', 'Attribute', `${type}.${attribute}`, { part }), type, attribute),
      prompt: () => other.get('prompt') ?? other.set(permits('prompt', 'Service', 'decisions'), 'prompt'),
      detail: () => other.get('detail') ?? other.set(permits('detail', 'Service', 'decisions'), 'detail'),
    };
  }
}

/** Returns the one agent and person that a caller is declared for; undefined if it is declared for nobody. */
function identityOf({ agent, for: originator }: DeclaredCaller): AuthenticatedCaller['identity'] {
  if (agent === undefined && originator === undefined) return undefined;
  return { agent: parseUid(agent ?? ''), for: parseUid(originator ?? '') };
}

/** Answers by a list of parts: one map inside the other, so that no two lists can share an answer. */
class Memory {
  private readonly inside = new Map<string, Memory>();
  private answer: boolean | undefined;

  get(...parts: string[]): boolean | undefined {
    let at: Memory | undefined = this;
    for (const part of parts) at = at?.inside.get(part);
    return at?.answer;
  }

  set(answer: boolean, ...parts: string[]): boolean {
    let at: Memory = this;
    for (const part of parts) {
      const next: Memory = at.inside.get(part) ?? new Memory();
      at.inside.set(part, next);
      at = next;
    }
    at.answer = answer;
    return answer;
  }
}
