import { refuse } from './refusal.js';

/** A media type with its parameters. */
interface MediaType {
  /** In lower case. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const TYPE = new RegExp(`^(${TOKEN}/${TOKEN})((?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"[^"\\\\]*"))*)[ \\t]*$`);
const PARAMETER = new RegExp(`;[ \\t]*(${TOKEN})=(${TOKEN}|"[^"\\\\]*")`, 'g');
const MAX_CHARACTERS = 300;

/**
 * Reads a `Content-Type`.
 *
 * @throws {Refused} if it is malformed, has a parameter twice, or another character set than UTF-8
 */
export function mediaTypeOf(text: string): MediaType {
  const match = text.length > MAX_CHARACTERS ? null : TYPE.exec(text);
  if (match === null) return refuse('body_media_type', 'the Content-Type is not a media type');
  const [, type = '', rest = ''] = match;
  const parameters = new Map<string, string>();
  for (const [, name = '', value = ''] of rest.matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    if (parameters.has(key)) refuse('body_media_type', `the Content-Type has ${key} twice`);
    parameters.set(key, value.startsWith('"') ? value.slice(1, -1) : value);
  }
  const charset = parameters.get('charset')?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
    refuse('body_charset', 'the character set of the body is not UTF-8');
  return { type: type.toLowerCase(), parameters };
}
