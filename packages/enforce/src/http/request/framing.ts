import type { HeaderList } from './header-list.js';
import { canBeDeclared, FORWARDED, PREFLIGHT, WEBSOCKET } from './header-names.js';
import { refuse } from './refusal.js';

/** How the body of a request is framed, and what is asked of the connection. */
export interface Framing {
  /** The length that the request says; undefined for a chunked body and for none. */
  readonly length: number | undefined;
  readonly isChunked: boolean;
  /** Whether the caller waits for 100 (Continue) before it sends the body. */
  readonly expectsContinue: boolean;
  /** The protocol that the connection should change to. */
  readonly upgrade: string | undefined;
}

/** Names in `Connection` that are of the connection itself. */
const OPTIONS: ReadonlySet<string> = new Set([
  'close',
  'keep-alive',
  'upgrade',
  'te',
  'http2-settings',
  'proxy-connection',
]);

/**
 * Reads what the headers say about the connection and the length of the body.
 *
 * @param declares returns whether the service reads a header, so that it must not be lost on the way
 * @throws {Refused} if two readers could divide the connection in different places
 */
export function framingOf(headers: HeaderList, version: string, declares: (name: string) => boolean): Framing {
  const [length, coding] = [headers.one('content-length'), headers.one('transfer-encoding')];
  if (length !== undefined && coding !== undefined)
    refuse('framing_both', 'the request has both Content-Length and Transfer-Encoding');
  if (length !== undefined && !/^(?:0|[1-9][0-9]{0,14})$/.test(length))
    refuse('framing_length', 'Content-Length is not a whole number');
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || version === '1.0'))
    refuse('framing_coding', 'Transfer-Encoding is not chunked alone');
  if (headers.of('trailer').length > 0) refuse('trailers', 'the request announces trailers');
  const nominated = headers.of('connection').flatMap((value) =>
    value
      .toLowerCase()
      .split(',')
      .map((one) => one.trim()),
  );
  for (const name of nominated)
    if (!OPTIONS.has(name) && name !== '' && (!canBeDeclared(name) || isNeeded(name) || declares(name)))
      refuse(
        'connection_nominates',
        'Connection names a header that has to reach the service, or one of the connection itself',
      );
  const expectation = headers.one('expect');
  if (expectation !== undefined && expectation.toLowerCase() !== '100-continue')
    refuse('expectation_unknown', 'Expect is not 100-continue');
  const upgrade = headers.one('upgrade')?.toLowerCase();
  if (upgrade !== undefined && !nominated.includes('upgrade'))
    refuse('upgrade_refused', 'the request has Upgrade, and Connection does not name it');
  return {
    length: length === undefined ? undefined : Number(length),
    isChunked: coding !== undefined,
    expectsContinue: expectation !== undefined,
    upgrade,
  };
}

/** Headers that reach the service, or that a decision rests on. */
function isNeeded(name: string): boolean {
  return (
    name === 'authorization' ||
    name === 'content-type' ||
    [FORWARDED, PREFLIGHT, WEBSOCKET].some((set) => set.has(name))
  );
}
