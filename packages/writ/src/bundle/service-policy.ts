import { readFileSync } from 'node:fs';
import {
  CedarError,
  type CedarJsonObject,
  compile,
  Entities,
  Entity,
  type EntityJson,
  finish,
  type Policy,
  PolicySet,
  Schema,
  type Steps,
} from '@writ/cedar';

/** How a caller proved itself. */
export type Method = 'key' | 'certificate' | 'token' | 'none';

interface ServiceCaller {
  readonly name: string;
  readonly roles: readonly string[];
  readonly method: Method;
}

const FOLDER = new URL('../../service/', import.meta.url);
export const SERVICE_SCHEMA_TEXT = readFileSync(new URL('service.cedarschema', FOLDER), 'utf8');
const SERVICE_POLICIES = readFileSync(new URL('service.cedar', FOLDER), 'utf8');
/** Ids that begin so are those of the bundled policies. */
const RESERVED = 'writ:';
const NOTHING: CedarJsonObject = {};

/**
 * Decides who may use the service, and for what: Cedar over the schema in `service/service.cedarschema`. The bundled policies,
 * and what a bundle adds in `service/*.cedar`.
 */
export class ServicePolicy {
  private constructor(
    private readonly policies: PolicySet,
    private readonly entities: Entities,
    /** The bundle's own policies. */
    readonly own: readonly Policy[],
  ) {}

  /**
   * @param own the texts of the bundle's own service policies
   * @param schema of the bundle: its types and attributes can be named
   * @throws {CedarError} when they do not parse
   */
  static read(own: readonly string[], schema: Schema): ServicePolicy {
    const { policies } = bundled();
    const all = [...compile({ policies: [SERVICE_POLICIES, ...own].join('\n') }).asts];
    return finish(ServicePolicy.assembling(all.slice(policies.length), schema));
  }

  /** Makes it of the bundle's own policies, step by step. @throws {CedarError} if an id is taken */
  static *assembling(own: readonly Policy[], schema: Schema): Steps<ServicePolicy> {
    const { schema: serviceSchema, policies: always } = bundled();
    for (const { id } of own)
      if (id.startsWith(RESERVED) && !always.some((policy) => policy.id === id))
        throw new CedarError('policy', `the id \`${id}\` begins with ${RESERVED}`, {
          policyId: id,
          help: 'choose another',
        });
    const policies = yield* PolicySet.assembling([...always, ...own], serviceSchema);
    const entities = yield* Entities.loading(entitiesOf(schema), { schema: serviceSchema });
    yield* policies.binding(entities);
    return new ServicePolicy(policies, entities, own);
  }

  /** The ids of the policies, for people. */
  get ids(): string[] {
    return [...this.policies.policies.keys()];
  }

  /** Fails closed: a forbid that cannot be evaluated forbids. */
  permits(
    caller: ServiceCaller,
    action: string,
    resource: { readonly type: string; readonly id: string },
    context = NOTHING,
  ): boolean {
    const principal = new Entity('Caller', caller.name);
    principal.exists = true;
    principal.attributes = new Map([['method', caller.method]]);
    principal.ancestors = new Set(caller.roles.map((id) => this.entities.intern({ type: 'Role', id })));
    const request = { principal, action: { type: 'Action', id: action }, resource, context };
    const { decision, errors } = this.policies.isAuthorized(request, this.entities);
    const isBroken = errors.some(({ policyId }) => this.policies.policies.get(policyId)?.effect === 'forbid');
    return decision === 'allow' && !isBroken;
  }
}

/** The types and attributes that a bundle's service policies can name. */
function entitiesOf({ entityTypes }: Schema): EntityJson[] {
  return [...entityTypes].flatMap(([type, { attributes }]) => [
    { uid: { type: 'EntityType', id: type } },
    ...[...attributes.attributes.keys()].map((attribute) => ({
      uid: { type: 'Attribute', id: `${type}.${attribute}` },
      parents: [{ type: 'EntityType', id: type }],
    })),
  ]);
}

interface Bundled {
  readonly schema: Schema;
  readonly policies: readonly Policy[];
}

let read: Bundled | undefined;

/** The schema and the policies that every service has. They are read once. */
function bundled(): Bundled {
  read ??= { schema: Schema.parse(SERVICE_SCHEMA_TEXT), policies: [...compile({ policies: SERVICE_POLICIES }).asts] };
  return read;
}
