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

/** The policies, and the types and attributes that they can name. */
interface Made {
  readonly policies: PolicySet;
  readonly entities: Entities;
}

/**
 * Decides who may use the service, and for what: Cedar over the schema in `service/service.cedarschema`. The bundled policies,
 * and what a bundle adds in `service/*.cedar`.
 */
export class ServicePolicy {
  private made: Made | undefined;

  private constructor(
    private readonly make: () => Made,
    /** The bundle's own policies. */
    readonly own: readonly Policy[],
  ) {}

  /**
   * @param own the texts of the bundle's own service policies
   * @param schema of the bundle: its types and attributes can be named
   * @throws {CedarError} when they do not parse
   */
  static read(own: readonly string[], schema: Schema): ServicePolicy {
    // Those that are bundled have no errors, and a command that serves nothing does not ask them.
    if (own.length === 0) return new ServicePolicy(() => finish(ServicePolicy.making([], schema)), []);
    const { policies } = bundled();
    const all = [...compile({ policies: [SERVICE_POLICIES, ...own].join('\n') }).asts];
    return finish(ServicePolicy.assembling(all.slice(policies.length), schema));
  }

  /** Makes it of the bundle's own policies, step by step. @throws {CedarError} if an id is taken */
  static *assembling(own: readonly Policy[], schema: Schema): Steps<ServicePolicy> {
    const made = yield* ServicePolicy.making(own, schema);
    return new ServicePolicy(() => made, own);
  }

  private static *making(own: readonly Policy[], schema: Schema): Steps<Made> {
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
    return { policies, entities };
  }

  private get parts(): Made {
    this.made ??= this.make();
    return this.made;
  }

  /** The ids of the policies, for people. */
  get ids(): string[] {
    return [...this.parts.policies.policies.keys()];
  }

  /** Fails closed: a forbid that cannot be evaluated forbids. */
  permits(
    caller: ServiceCaller,
    action: string,
    resource: { readonly type: string; readonly id: string },
    context = NOTHING,
  ): boolean {
    const { policies, entities } = this.parts;
    const principal = new Entity('Caller', caller.name);
    principal.exists = true;
    principal.attributes = new Map([['method', caller.method]]);
    principal.ancestors = new Set(caller.roles.map((id) => entities.intern({ type: 'Role', id })));
    const request = { principal, action: { type: 'Action', id: action }, resource, context };
    const { decision, errors } = policies.isAuthorized(request, entities);
    const isBroken = errors.some(({ policyId }) => policies.policies.get(policyId)?.effect === 'forbid');
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
