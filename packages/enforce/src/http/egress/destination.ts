import { headerListOf } from '../request/header-list.js';
import { orRefusal } from '../request/refusal.js';

/** The host and the port that a tunnel is asked for. */
export interface Destination {
  /** In lower case. */
  readonly host: string;
  readonly port: number;
}

/** Why no tunnel is made, before anybody decides. */
interface DestinationFault {
  readonly code: string;
  readonly reason: string;
}

const MAX_NAME = 253;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** A name whose last label begins with a digit is an address to some readers: `127.1`, `2130706433`, `0x7f.1`. */
const LAST = /^[a-z]/;

/**
 * Reads what a `CONNECT` is for.
 *
 * @param target as it stood on the request line
 * @param rawHeaders names and values in turn
 * @param ports those that tunnels may have
 * @returns a fault if it is not a name with a port, or if servers could read it in two ways
 */
export function destinationOf(
  target: string,
  rawHeaders: readonly string[],
  ports: ReadonlySet<number>,
): Destination | DestinationFault {
  const headers = orRefusal(() => ({ ok: true as const, list: headerListOf(rawHeaders) }));
  if (!headers.ok) return { code: headers.code, reason: headers.reason };
  const [, name = '', digits = ''] = /^([A-Za-z0-9.-]{1,260}):([1-9][0-9]{0,4})$/.exec(target) ?? [];
  const [host, port] = [name.toLowerCase(), Number(digits)];
  const labels = host.split('.');
  const isName = labels.length > 1 && host.length <= MAX_NAME && labels.every((label) => LABEL.test(label));
  if (!isName || !LAST.test(labels.at(-1) as string))
    return {
      code: 'egress_host',
      reason: 'the target is not the full name of a host with a port, as api.example.com:443',
    };
  if (!ports.has(port)) return { code: 'egress_port', reason: `tunnels to port ${port} are not made here` };
  const { list } = headers;
  const said = list.one('host')?.toLowerCase();
  if (said !== undefined && said !== host && said !== `${host}:${port}`)
    return { code: 'egress_host', reason: 'the Host is another one than that of the target' };
  for (const header of ['content-length', 'transfer-encoding', 'trailer', 'expect', 'upgrade'])
    if (list.of(header).length > 0) return { code: 'egress_framing', reason: `a CONNECT has no ${header}` };
  if (list.of('proxy-authorization').length > 1)
    return { code: 'header_repeated', reason: 'the header proxy-authorization is there twice' };
  return { host, port };
}
