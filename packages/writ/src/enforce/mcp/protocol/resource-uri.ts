import { MappingError } from '@writ/enforce/coaz';

const MAX_CHARACTERS = 2_048;

/**
 * Returns a URI of a resource if it has one spelling, which all readers read alike: the server then opens what was decided on.
 * That spelling is the normal form of RFC 3986 (section 6.2.2) and of the WHATWG URL standard.
 *
 * @throws {MappingError} for dot segments (also encoded), backslashes, credentials, characters that a URI does not have, and
 * anything that is written in another way in the normal form
 */
export function readableUri(uri: string): string {
  const refuse = (why: string): MappingError => new MappingError(`the URI ${JSON.stringify(uri.slice(0, 200))} ${why}`);
  if (uri.length > MAX_CHARACTERS) throw refuse(`is longer than ${MAX_CHARACTERS} characters`);
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(uri)?.[0];
  if (scheme === undefined) throw refuse('has no scheme');
  if (scheme !== scheme.toLowerCase()) throw refuse('has a scheme in capital letters');
  if (/[^!-~]|[\\<>"{}|^`]/u.test(uri)) throw refuse('has characters that a URI does not have unless they are encoded');
  if (/%(?![0-9a-fA-F]{2})/.test(uri)) throw refuse('has a % that encodes nothing');
  if (/%(?:2[ef]|5c|00|25|[01][0-9a-f]|7f)/i.test(uri))
    throw refuse('encodes a dot, a slash, a % or a control character');
  if (/%(?:[46][1-9a-f]|[57][0-9a]|3[0-9]|2d|5f|7e)/i.test(uri))
    throw refuse('encodes a character that needs no encoding');
  if (/%(?:[0-9A-F]?[a-f]|[a-f])/.test(uri)) throw refuse('encodes with small letters');
  const rest = uri.slice(scheme.length);
  const authority = /^\/\/([^/?#]*)/.exec(rest)?.[1] ?? '';
  if (authority.includes('@')) throw refuse('has credentials');
  const [path = ''] = rest.slice(authority === '' && !rest.startsWith('//') ? 0 : authority.length + 2).split(/[?#]/);
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) throw refuse('has dot segments');
  if (path.includes('//')) throw refuse('has an empty segment');
  const text = decoded(uri);
  if (text === undefined) throw refuse('encodes bytes that are no text');
  if (text.normalize('NFC') !== text) throw refuse('is not in NFC');
  const normal = normalForm(uri);
  if (normal !== uri) throw refuse(`is another spelling of ${normal ?? 'no URI'}`);
  return uri;
}

function decoded(uri: string): string | undefined {
  try {
    return decodeURIComponent(uri);
  } catch {
    return undefined;
  }
}

/** Returns the one spelling of a URI; undefined if it is no URL of WHATWG. */
function normalForm(uri: string): string | undefined {
  if (!URL.canParse(uri)) return undefined;
  const { href, protocol } = new URL(uri);
  // RFC 8089, section 2: the host of a file that is here may be left out, and WHATWG leaves it out.
  return protocol === 'file:' ? href.replace('//localhost/', '///') : href;
}
