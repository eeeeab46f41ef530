import { MappingError } from '../../errors.js';

const MAX_CHARACTERS = 2_048;

/**
 * Returns a URI of a resource if all readers read the same in it: the server then opens what was decided on.
 *
 * @throws {MappingError} for dot segments (also encoded), backslashes, credentials, and characters that a URI does
 * not have
 */
export function readableUri(uri: string): string {
  const refuse = (why: string): MappingError => new MappingError(`the URI ${JSON.stringify(uri.slice(0, 200))} ${why}`);
  if (uri.length > MAX_CHARACTERS) throw refuse(`is longer than ${MAX_CHARACTERS} characters`);
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(uri)?.[0];
  if (scheme === undefined) throw refuse('has no scheme');
  if (scheme !== scheme.toLowerCase()) throw refuse('has a scheme in capital letters');
  // RFC 3986 does not have these characters, and IRIs have no control characters either.
  if (/[\p{C}\p{Z}\\<>"{}|^`]/u.test(uri)) throw refuse('has characters that a URI has not');
  if (/%(?![0-9a-fA-F]{2})/.test(uri)) throw refuse('has a % that encodes nothing');
  if (/%(?:2[ef]|5c|00|25|[01][0-9a-f]|7f)/i.test(uri))
    throw refuse('encodes a dot, a slash, a % or a control character');
  const rest = uri.slice(scheme.length);
  const authority = /^\/\/([^/?#]*)/.exec(rest)?.[1] ?? '';
  if (authority.includes('@')) throw refuse('has credentials');
  const [path = ''] = rest.slice(authority === '' && !rest.startsWith('//') ? 0 : authority.length + 2).split(/[?#]/);
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) throw refuse('has dot segments');
  return uri;
}
