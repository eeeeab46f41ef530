import type { Operation, Service } from '../definition/service.js';
import type { HeaderList } from './header-list.js';
import { FORWARDED, PREFLIGHT, WEBSOCKET } from './header-names.js';
import { refuse } from './refusal.js';
import { parsedValue, requireAll, type Value } from './value.js';

/** The end of a connection that a request came over, as this side knows it. */
export interface Peer {
  readonly address: string;
  readonly scheme: 'http' | 'https';
}

type HeaderValue = Value | readonly Value[];

/** The declared headers of an operation. */
export function declaredHeaders(
  headers: HeaderList,
  { headers: declared }: Pick<Operation, 'headers'>,
): Readonly<Record<string, HeaderValue>> {
  const values: [string, HeaderValue][] = [];
  for (const [name, { form, value: rule }] of declared) {
    const given = headers.of(name);
    const [first] = given;
    if (first === undefined) continue;
    const called = `the header ${name}`;
    if (form === 'single') {
      if (given.length > 1) refuse('parameter_repeated', `${called} is there twice, and is no list`);
      values.push([name, parsedValue(first, rule, called)]);
    } else {
      if (given.some((one) => one.includes('"')))
        refuse('parameter_value', `${called} has a quote, in which a comma may stand`);
      const items = given.flatMap((one) => one.split(',')).map((one) => one.trim());
      values.push([name, items.map((one) => parsedValue(one, rule, called))]);
    }
  }
  requireAll(declared, new Set(values.map(([name]) => name)), 'header');
  return Object.fromEntries(values);
}

/** The facts that the forwarded headers of a request are made of. */
interface ForwardOptions {
  readonly service: Service;
  readonly declared: ReadonlySet<string>;
  readonly host: string;
  readonly peer: Peer | undefined;
  readonly upgrade: 'websocket' | undefined;
  readonly isPreflight: boolean;
}

/**
 * Returns the headers that the service receives: those that are declared, those that every service may have, and ours. All
 * others are left out, because a server may take any name for an identity, another target or another method.
 */
export function forwardedHeaders(headers: HeaderList, options: ForwardOptions): [string, string][] {
  const { service, declared, host, peer, upgrade } = options;
  const out: [string, string][] = [['host', service.upstream.host]];
  for (const name of service.headers)
    if (headers.of(name).length > 1 && !FORWARDED.has(name))
      refuse('header_repeated', `the header ${name} is there twice`);
  // Servers differ in whether a list on two lines is one.
  for (const name of declared) if (headers.of(name).length > 0) out.push([name, headers.of(name).join(', ')]);
  for (const [name, value] of headers.all) {
    const isKnown = !declared.has(name) && (service.headers.has(name) || FORWARDED.has(name));
    const isSpecial = (options.isPreflight && PREFLIGHT.has(name)) || (upgrade !== undefined && WEBSOCKET.has(name));
    if (isKnown || isSpecial) out.push([name, value]);
  }
  if (upgrade !== undefined) out.push(['connection', 'Upgrade'], ['upgrade', upgrade]);
  out.push(['x-forwarded-host', host]);
  if (peer !== undefined) out.push(['x-forwarded-for', peer.address], ['x-forwarded-proto', peer.scheme]);
  return out;
}

/**
 * Returns the name under which a request asks for a service.
 *
 * @throws {Refused} if the request has none, or that of another service
 */
export function hostOf(headers: HeaderList, { hosts }: Service): string {
  const host = headers.one('host')?.toLowerCase();
  if (host === undefined || host === '') return refuse('host_missing', 'the request has no Host');
  const [, name = host] = /^(.*):(?:80|443)$/.exec(host) ?? [];
  if (!hosts.has(host) && !hosts.has(name)) refuse('host_unknown', 'the Host of the request is not one of the service');
  return host;
}
