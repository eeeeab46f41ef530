import { resolve } from 'node:path';
import type { Schema } from '@writ/cedar';
import { OperationMapper } from '@writ/enforce/coaz';
import { HTTP_BINDING, type Service } from '@writ/enforce/http';
import { Addresses, type ServedEgress, type ServedServices } from '@writ/enforce/http/proxy';
import { ClientTls, type ClientTlsFiles } from '../../lib/client-tls.js';
import { environmentText } from '../../lib/environment.js';
import { CREDENTIALS } from '../../lib/known-credentials.js';

interface ServiceSettings {
  readonly mappings: 'declared' | 'bundle';
  readonly credential: Readonly<Record<string, string>>;
  readonly tls?: ClientTlsFiles | undefined;
}

/** The parts of a bundle that its proxy is made of. */
interface HttpBundle {
  readonly root: string;
  readonly services: readonly Service[];
  readonly schema: Pick<Schema, 'actions'>;
  readonly mappings: readonly { readonly service?: string | undefined; readonly operations: object }[];
  readonly settings: { readonly http: { readonly services: Readonly<Record<string, ServiceSettings>> } };
}

/**
 * Makes what the proxy needs of a bundle: its services, the mapper of their operations, and their credentials.
 *
 * @param warn receives why certificates that changed since cannot be used
 * @throws {EnvironmentError} if a variable of a credential is not in the environment
 * @throws {CertificateError} if the certificates for a service cannot be read
 * @throws {MappingError} if a mapping is malformed or does not parse
 */
export function servedServices(
  { root, services, settings: { http }, mappings, schema }: HttpBundle,
  warn?: (message: string) => void,
): ServedServices {
  const mapped = mappings.flatMap(({ service, operations }) =>
    service === undefined
      ? []
      : Object.entries(operations).map(([name, mapping]) => ({ service, name, mapping: mapping as unknown })),
  );
  const actions = new Set([...schema.actions].filter(({ uid }) => uid.type === 'Action').map(({ uid }) => uid.id));
  const acceptsDeclared = (name: string): boolean => http.services[name]?.mappings === 'declared';
  return {
    services: services.map((service) => {
      const { tls } = http.services[service.name] ?? {};
      return tls === undefined ? service : { ...service, tls: new ClientTls(below(root, tls), warn) };
    }),
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

/** Returns the paths of files that a bundle names, from its folder if they are not absolute. */
function below(root: string, { ca, cert, key }: ClientTlsFiles): ClientTlsFiles {
  const pathOf = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(root, file);
  return { ca: pathOf(ca), cert: pathOf(cert), key: pathOf(key) };
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
