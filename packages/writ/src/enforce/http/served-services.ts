import type { Schema } from '@writ/cedar';
import { OperationMapper } from '@writ/enforce/coaz';
import { HTTP_BINDING, type Service } from '@writ/enforce/http';
import { Addresses, type ServedEgress, type ServedServices } from '@writ/enforce/http/proxy';
import { environmentText } from '../../lib/environment.js';
import { CREDENTIALS } from '../../lib/known-credentials.js';

interface ServiceSettings {
  readonly mappings: 'declared' | 'bundle';
  readonly credential: Readonly<Record<string, string>>;
}

/** The parts of a bundle that its proxy is made of. */
interface HttpBundle {
  readonly services: readonly Service[];
  readonly schema: Pick<Schema, 'actions'>;
  readonly mappings: readonly { readonly service?: string | undefined; readonly operations: object }[];
  readonly settings: { readonly http: { readonly services: Readonly<Record<string, ServiceSettings>> } };
}

/**
 * Makes what the proxy needs of a bundle: its services, the mapper of their operations, and their credentials.
 *
 * @throws {EnvironmentError} if a variable of a credential is not in the environment
 * @throws {MappingError} if a mapping is malformed or does not parse
 */
export function servedServices({ services, settings: { http }, mappings, schema }: HttpBundle): ServedServices {
  const mapped = mappings.flatMap(({ service, operations }) =>
    service === undefined
      ? []
      : Object.entries(operations).map(([name, mapping]) => ({ service, name, mapping: mapping as unknown })),
  );
  const actions = new Set([...schema.actions].filter(({ uid }) => uid.type === 'Action').map(({ uid }) => uid.id));
  const acceptsDeclared = (name: string): boolean => http.services[name]?.mappings === 'declared';
  return {
    services,
    mapper: new OperationMapper(HTTP_BINDING, mapped, actions, acceptsDeclared),
    credentials: new Map(
      Object.entries(http.services).map(([name, { credential }]) => [name, filledIn(name, credential)]),
    ),
  };
}

/** The part of a bundle that tunnels are made by. */
interface EgressBundle {
  readonly settings: {
    readonly http: {
      readonly egress?: { readonly ports: readonly number[]; readonly private: readonly string[] } | undefined;
    };
  };
}

/** Makes what tunnels need of a bundle; undefined if it has none. */
export function servedEgress({ settings: { http } }: EgressBundle): ServedEgress | undefined {
  if (http.egress === undefined) return undefined;
  return { ports: new Set(http.egress.ports), addresses: new Addresses(http.egress.private) };
}

function filledIn(service: string, credential: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(credential).map(([header, value]) => {
      const text = environmentText(value, `http.services.${service}.credential`);
      CREDENTIALS.addNamed(header, text);
      return [header, text];
    }),
  );
}
