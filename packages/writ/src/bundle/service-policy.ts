import { readFileSync } from 'node:fs';
import { CedarError, type CedarJsonObject, compile, Entities, Entity, type PolicySet, Schema } from '@writ/cedar';

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
  private readonly policies: PolicySet;
  private readonly entities: Entities;

  /**
   * @param own the texts of the bundle's own service policies
   * @param schema of the bundle: its types and attributes can be named
   * @throws {CedarError} when they do not parse
   */
  constructor(own: readonly string[], schema: Schema) {
    const serviceSchema = Schema.parse(SERVICE_SCHEMA_TEXT);
    this.policies = compile({ policies: [SERVICE_POLICIES, ...own].join('\n'), schema: serviceSchema });
    const bundled = compile({ policies: SERVICE_POLICIES }).policies;
    for (const id of this.policies.policies.keys()) {
      if (id.startsWith(RESERVED) && !bundled.has(id))
        throw new CedarError('policy', `the id \`${id}\` begins with ${RESERVED}`, {
          policyId: id,
          help: 'choose another',
        });
    }
    const types = [...schema.entityTypes];
    this.entities = Entities.fromJson(
      types.flatMap(([type, { attributes }]) => [
        { uid: { type: 'EntityType', id: type } },
        ...[...attributes.attributes.keys()].map((attribute) => ({
          uid: { type: 'Attribute', id: `${type}.${attribute}` },
          parents: [{ type: 'EntityType', id: type }],
        })),
      ]),
      { schema: serviceSchema },
    );
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
