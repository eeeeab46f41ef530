import { resolve } from 'node:path';
import type { Schema } from '@writ/cedar';
import { expand } from '../../expand.js';
import { type BundleMappings, CallMapper, type MappedServer } from './map-call.js';

/** The parts of a bundle that the mapper of its gateway is made of. */
interface MapperBundle {
  readonly root: string;
  readonly schema: Schema;
  readonly mappings: readonly (Omit<BundleMappings, 'server'> & { readonly server?: string | undefined })[];
  readonly settings: { readonly gateway: { readonly servers: Readonly<Record<string, MappedServer>> } };
}

/**
 * Makes the mapper of a bundle's gateway.
 *
 * @param only whose mappings count, whatever the bundle says of its servers
 * @throws {MappingError} if a mapping is malformed or does not parse
 */
export function mapperOf(bundle: MapperBundle, data: string, only?: MappedServer['mappings']): CallMapper {
  const servers = Object.entries(bundle.settings.gateway.servers).map(([name, { root, mappings }]) => [
    name,
    { mappings: only ?? mappings, root: root === undefined ? undefined : resolve(expand(root, bundle, data)) },
  ]);
  return new CallMapper(
    bundle.mappings.flatMap(({ server, tools }) => (server === undefined ? [] : [{ server, tools }])),
    Object.fromEntries(servers) as Record<string, MappedServer>,
    actionNamesOf(bundle.schema),
  );
}

/** Returns the actions that a request can name: by the id alone, in the namespace that has none. */
function actionNamesOf({ actions }: Schema): ReadonlySet<string> {
  return new Set([...actions].filter(({ uid }) => uid.type === 'Action').map(({ uid }) => uid.id));
}
