import { OperationMapper } from '@writ/enforce/coaz';
import { HTTP_BINDING } from '@writ/enforce/http';
import { Addresses, type ServedEgress, type ServedServices } from '@writ/enforce/http/proxy';
import type { ServedBundle } from '../bundle/bundle.js';
import { environmentText } from '../lib/environment.js';
import { CREDENTIALS } from '../lib/known-credentials.js';

/**
 * Makes what the proxy needs of a bundle: its services, the mapper of their operations, and their credentials.
 *
 * @throws {EnvironmentError} if a variable of a credential is not in the environment
 * @throws {MappingError} if a mapping is malformed or does not parse
 */
export function servedServices({ services, settings: { http }, mappings, schema }: ServedBundle): ServedServices {
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

/** Makes what tunnels need of a bundle; undefined if it has none. */
export function servedEgress({ settings: { http } }: ServedBundle): ServedEgress | undefined {
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
