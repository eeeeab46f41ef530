import { DefinitionError, type Service, type ServiceSettings, type Source, serviceOf } from '@writ/enforce/http';
import type { Findings } from './check/findings.js';
import { keyAt, YamlPlaces } from './check/yaml-places.js';
import { NAMED_FILES, type YamlContents } from './contents.js';

/**
 * Makes the services for HTTP of a bundle. Every mistake of a definition is a finding, and a service with one is left out: the bundle
 * is not served then.
 */
export function httpServices(
  { http }: YamlContents['settings'],
  texts: ReadonlyMap<string, string>,
  findings: Findings,
): readonly Service[] {
  const { file } = NAMED_FILES.settings;
  const declared = Object.entries(http.services);
  if (declared.length === 0) return [];
  const places = new YamlPlaces(texts.get(file) ?? '');
  return declared.flatMap(([name, { openapi, credential: _credential, tls: _tls, ...settings }]): Service[] => {
    const way = ['http', 'services', name];
    const text = openapi === undefined ? undefined : texts.get(openapi);
    if (openapi !== undefined && text === undefined) {
      findings
        .of('http/no-document')
        .in(file)
        .error(`the service ${name} has no document: there is no ${openapi}`, 'put the document there', [
          ...way,
          'openapi',
        ]);
      return [];
    }
    const source: Source = { file, placeOf: (pointer) => places.placeOf(keyAt([...way, ...pointer])) };
    const document = openapi === undefined || text === undefined ? {} : { openapi: { file: openapi, text } };
    try {
      return [serviceOf({ name, ...settings, ...document } as ServiceSettings, source)];
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      for (const { file: at, message, help, line, column } of error.problems)
        findings.of('http/definition').in(at).error(message, help, { line, column });
      return [];
    }
  });
}

/** Finds headers of identities that a service would be sent as they came: every client could write them. */
export function checkIdentityHeaders(
  services: readonly Service[],
  { callers }: Pick<YamlContents['settings'], 'callers'>,
  findings: Findings,
): void {
  const named = Object.values(callers).flatMap(({ identityHeaders: { for: person, agent } = {} }) => [person, agent]);
  const names = new Set(named.flatMap((header) => (header === undefined ? [] : [header.name.toLowerCase()])));
  for (const { name, headers, operations } of services)
    for (const header of new Set([...headers, ...operations.flatMap((operation) => [...operation.headers.keys()])]))
      if (names.has(header))
        findings
          .of('http/definition')
          .in(NAMED_FILES.settings.file)
          .error(
            `the header ${header} says who asks (identityHeaders), and ${name} would be sent it as it came`,
            'remove it from the headers and operations of the service, or name another one in identityHeaders',
            ['http', 'services', name],
          );
}

/** Finds two services that the same requests are for: one of them would be passed over. */
export function checkHosts(services: readonly Service[], findings: Findings): void {
  const known = new Map<string, string>();
  for (const { name, hosts } of services)
    for (const host of hosts) {
      const other = known.get(host);
      if (other !== undefined)
        findings
          .of('http/same-host')
          .in(NAMED_FILES.settings.file)
          .error(
            `the services ${other} and ${name} both have the host ${host}`,
            'give each its own hosts: a request is for one service',
            ['http', 'services', name],
          );
      known.set(host, name);
    }
}
