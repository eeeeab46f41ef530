import type { AccessRequest, ListedAction } from '@writ/sdk/authzen';
import { type CallingClient, clientContext } from '../enforcer/caller.js';
import type { Requests } from '../enforcer/operation.js';
import { MappingError } from '../errors.js';
import { type Binding, claimsOf } from './binding.js';
import { compileMapping, type Mapping } from './mapping.js';

/** A mapping that a bundle has for one operation of a service. */
interface BundleMapping {
  readonly service: string;
  readonly name: string;
  readonly mapping: unknown;
}

const MAX_DECLARED_CHARACTERS = 16_384;
/** The author of a bundle may set every member. */
const NOTHING_RESERVED: ReadonlySet<string> = new Set();

/**
 * Maps operations to requests for a decision. The mapping of the bundle counts, or else the one that the service declares; without
 * one, the default of the binding. `Named` is what is known of an operation before it is asked for.
 */
export class OperationMapper<Operation extends Named, Named = Operation> {
  private readonly mapped = new Map<string, Mapping>();
  private readonly declared = new WeakMap<object, Mapping | MappingError>();
  private readonly isAction = (name: string): boolean => this.actions === 'no-schema' || this.actions.has(name);

  /**
   * @param actions the actions of the schema; without a schema every operation counts as an action, and nothing else does
   * @param acceptsDeclared returns whether the mappings count that a service declares
   * @throws {MappingError} if a mapping of the bundle is malformed or does not parse
   */
  constructor(
    private readonly binding: Binding<Operation, Named>,
    mappings: readonly BundleMapping[],
    private readonly actions: ReadonlySet<string> | 'no-schema',
    private readonly acceptsDeclared: (service: string) => boolean,
  ) {
    const { variables } = binding;
    const options = {
      hasDefaultAction: true,
      variables: variables.bundle,
      isTrusted: true,
      reserved: NOTHING_RESERVED,
    };
    for (const { service, name, mapping } of mappings)
      this.mapped.set(keyOf(service, name), compileMapping(mapping, { ...options, path: `${service}.${name}` }));
  }

  /**
   * Returns what is known of the requests of an operation before it is asked for; undefined if their types depend on its
   * input.
   */
  listed(operation: Named): readonly ListedAction[] | undefined {
    const { actionOf, defaultOf } = this.binding;
    let mapping: Mapping | undefined;
    try {
      mapping = this.mappingOf(operation);
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      // No call of it could be mapped.
      return [{ action: '', resource: { type: '' } }];
    }
    if (mapping === undefined) {
      const { action, resource } = defaultOf(operation, this.isAction);
      return [{ action, resource, saysResource: resource.properties !== undefined }];
    }
    return mapping.foreseen?.map(({ action = actionOf(operation), ...foreseen }) => ({ ...foreseen, action }));
  }

  /**
   * Returns the requests of an operation, each of which has to be permitted.
   *
   * @throws {MappingError} if the mapping is malformed, or the input does not fit it
   */
  map(operation: Operation, client: CallingClient): Requests {
    const { actionOf, anchor, contextOf, defaultOf, valuesOf } = this.binding;
    const mapping = this.mappingOf(operation);
    const ours = contextOf(operation, clientContext(client));
    const subject = client.originator;
    if (mapping === undefined) {
      const { action, resource } = defaultOf(operation, this.isAction);
      return [{ subject, action: { name: action }, resource, context: ours }];
    }
    const claims = claimsOf(client);
    const [first, ...more] = mapping
      .fill(valuesOf(operation, claims), String(claims[anchor]))
      .map(({ action, resource, context: { agent: _agent, conversation: _conversation, ...context } }) => ({
        subject,
        action: { ...action, name: action.name ?? actionOf(operation) },
        resource,
        context: { ...context, ...ours },
      }));
    return [first as AccessRequest, ...more];
  }

  /** Returns whether the schema has an action of that name: what is not about one operation is decided only then. */
  decides(name: string): boolean {
    return this.actions !== 'no-schema' && this.actions.has(name);
  }

  /** @throws {MappingError} if the mapping that the service declares is malformed */
  private mappingOf(operation: Named): Mapping | undefined {
    const { declaration, declaredIn, placeOf } = this.binding;
    const { service, name } = placeOf(operation);
    const ofBundle = this.mapped.get(keyOf(service, name));
    if (ofBundle !== undefined) return ofBundle;
    const holder = declaredIn(operation);
    if (holder === undefined || !Object.hasOwn(holder, declaration) || !this.acceptsDeclared(service)) return undefined;
    let declared = this.declared.get(holder);
    if (declared === undefined) {
      declared = readDeclared(this.binding, holder[declaration], name);
      this.declared.set(holder, declared);
    }
    if (declared instanceof MappingError) throw declared;
    return declared;
  }
}

/**
 * Reads the mapping that a service declares. The service is the party that is decided about: its mapping cannot set the
 * subject or our own members, and takes linear time.
 */
export function readDeclared(
  binding: Pick<Binding<never>, 'declaration' | 'hasDefaultAction' | 'reserved' | 'variables'>,
  mapping: unknown,
  name: string,
): Mapping | MappingError {
  const { declaration, hasDefaultAction, reserved, variables } = binding;
  try {
    if ((JSON.stringify(mapping) ?? '').length > MAX_DECLARED_CHARACTERS)
      throw new MappingError(`the ${declaration} of ${name} is longer than ${MAX_DECLARED_CHARACTERS} characters`);
    return compileMapping(mapping, {
      ...{ path: declaration, variables: variables.declared, reserved },
      ...{ isTrusted: false, hasDefaultAction },
    });
  } catch (error) {
    if (error instanceof MappingError) return error;
    throw error;
  }
}

function keyOf(service: string, name: string): string {
  return JSON.stringify([service, name]);
}
