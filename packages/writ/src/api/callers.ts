import type { Schema } from '@writ/cedar';
import type { Caller, Rights } from '../decide/caller.js';
import type { Method, ServicePolicy } from '../policy/service-policy.js';
import type { AccessTokens } from '../provenance/access-tokens.js';

/** A caller as the bundle declares it. */
export interface DeclaredCaller {
  readonly roles: readonly string[];
  readonly certificate?: string | undefined;
  readonly token?: { readonly issuer: string; readonly subject: string } | undefined;
  readonly obligations: readonly string[];
  readonly detail: 'none' | 'reasons' | 'full';
}

/** A caller that proved itself, with what it may do here. */
export interface AuthenticatedCaller extends Caller {
  /** Whether it did not prove anything. */
  readonly isAnonymous: boolean;
  readonly detailByDefault: 'none' | 'reasons' | 'full';
  /** May it use this part of the admin API? */
  mayUse(how: 'read' | 'write', area: string): boolean;
  /** May it report outcomes? */
  mayReport(): boolean;
}

/** Callers that a service always has, unless the bundle declares them otherwise. */
export const BUILT_IN: Readonly<Record<string, DeclaredCaller>> = {
  default: { roles: ['enforcement-point'], obligations: [], detail: 'none' },
  admin: { roles: ['administrator'], obligations: [], detail: 'none' },
};

const NOBODY: DeclaredCaller = { roles: [], obligations: [], detail: 'none' };

/** The callers of one bundle. Made anew when a bundle is activated. */
export class Callers {
  private readonly declared: ReadonlyMap<string, DeclaredCaller>;
  private readonly byToken = new Map<string, string>();
  private readonly byCertificate = new Map<string, string>();
  private readonly made = new Map<string, AuthenticatedCaller>();

  constructor(
    declared: Readonly<Record<string, DeclaredCaller>>,
    private readonly policy: ServicePolicy,
    private readonly schema: Schema,
    readonly tokens: AccessTokens,
  ) {
    this.declared = new Map(Object.entries({ ...BUILT_IN, ...declared }));
    for (const [name, { token, certificate }] of this.declared) {
      if (token !== undefined) this.byToken.set(JSON.stringify([token.issuer, token.subject]), name);
      if (certificate !== undefined) this.byCertificate.set(certificate, name);
    }
  }

  /** Whoever did not prove anything. */
  get anonymous(): AuthenticatedCaller {
    return this.caller('anonymous', NOBODY, 'none');
  }

  withKey(name: string): AuthenticatedCaller | undefined {
    const declared = this.declared.get(name);
    return declared && this.caller(name, declared, 'key');
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

  private make(name: string, { roles, obligations, detail }: DeclaredCaller, method: Method): AuthenticatedCaller {
    const who = { name, roles, method };
    const permits = (action: string, type: string, id: string, context?: Record<string, string>): boolean =>
      this.policy.permits(who, action, { type, id }, context);
    const rights = this.rememberedRights(permits);
    const uses = new Map<string, boolean>();
    return {
      enforcementPoint: name,
      isAnonymous: method === 'none',
      rights,
      obligations,
      detailByDefault: detail,
      mayUse: (how, area) => remembered(uses, `${how} ${area}`, () => permits(how, 'Area', area)),
      mayReport: () => remembered(uses, 'report', () => permits('report', 'Service', 'decisions')),
    };
  }

  /** The service policies see nothing that changes, so an answer holds for as long as they do. */
  private rememberedRights(
    permits: (action: string, type: string, id: string, context?: Record<string, string>) => boolean,
  ): Rights {
    const answers = new Map<string, boolean>();
    return {
      ask: (how, action, subjectType, resourceType) => {
        const decide = (): boolean => permits(how, 'Operation', action, { subjectType, resourceType });
        // Only what the schema knows is remembered: there is no end of other names.
        const isKnown =
          this.schema.action({ type: 'Action', id: action }) !== undefined &&
          this.schema.entityTypes.has(subjectType) &&
          this.schema.entityTypes.has(resourceType);
        // Each part as JSON text, so that no two lists of parts have the same key.
        return isKnown
          ? remembered(answers, JSON.stringify([how, action, subjectType, resourceType]), decide)
          : decide();
      },
      assert: (part, type, attribute) =>
        remembered(answers, JSON.stringify(['assert', part, type, attribute]), () =>
          permits('assert', 'Attribute', `${type}.${attribute}`, { part }),
        ),
      detail: () => remembered(answers, 'detail', () => permits('detail', 'Service', 'decisions')),
    };
  }
}

function remembered(answers: Map<string, boolean>, key: string, decide: () => boolean): boolean {
  let answer = answers.get(key);
  if (answer === undefined) {
    answer = decide();
    answers.set(key, answer);
  }
  return answer;
}
