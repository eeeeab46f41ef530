import { strikeFromMessages } from '@writ/sdk/lib/message-of';
import { secretPlaces } from './secret-forms.js';
import { isSecretName } from './secret-names.js';

/** A shorter text is in too many others by chance. */
const MIN_LENGTH = 8;
const MAX_VALUES = 2_000;
const STRUCK = '[credential]';

/**
 * The credentials that this process was configured with, for servers, sinks, channels and databases. Texts of others are struck of
 * them before anybody reads or keeps them: a server, or a proxy before it, can repeat the header that it was sent.
 */
class KnownCredentials {
  private readonly values = new Set<string>();
  /** All forms of all values, the longest first; undefined until they are made again. */
  private pattern: RegExp | undefined;

  /** Adds a credential, with what a header has it in: `Bearer x`, `Basic x`, `name=x; name=x`. */
  add(value: string | undefined): void {
    if (value === undefined) return;
    const [, basic] = /^basic\s+(\S+)$/i.exec(value.trim()) ?? [];
    const decoded = basic === undefined ? '' : Buffer.from(basic, 'base64').toString();
    const parts = [value.trim(), ...value.split(/[\s;,]+/), ...value.split(/[\s;,]+/).map(afterEquals)];
    for (const part of [...parts, decoded, decoded.slice(decoded.indexOf(':') + 1)]) {
      if (part.length < MIN_LENGTH || this.values.has(part) || this.values.size >= MAX_VALUES) continue;
      this.values.add(part);
      this.pattern = undefined;
    }
  }

  /** Adds a value if its name says that it is a credential; of any other, the parts that have the form of one. */
  addNamed(name: string, value: string | undefined): void {
    if (value === undefined) return;
    if (isSecretName(name, value) || looksRandom(value)) this.add(value);
    for (const { start, end } of secretPlaces(value)) {
      this.add(value.slice(start, end));
      this.add(decodedUri(value.slice(start, end)));
    }
  }

  /** Returns a text without them. */
  strike(text: string): string {
    if (this.values.size === 0 || text.length < MIN_LENGTH) return text;
    this.pattern ??= patternOf(this.values);
    return text.replace(this.pattern, STRUCK);
  }

  /** Strikes them out of all texts and names in a message that was read. Changes it, and returns it. */
  strikeIn<T>(message: T): T {
    if (this.values.size === 0) return message;
    if (typeof message === 'string') return this.strike(message) as T;
    // Without recursion: a stranger chooses how deep it nests.
    const left: unknown[] = [message];
    while (left.length > 0) {
      const holder = left.pop() as Record<string, unknown>;
      if (typeof holder !== 'object' || holder === null) continue;
      const isList = Array.isArray(holder);
      for (const name of Object.keys(holder)) {
        const inner = holder[name];
        if (typeof inner === 'string') {
          const struck = this.strike(inner);
          if (struck !== inner) holder[name] = struck;
        } else left.push(inner);
        const known = isList ? name : this.strike(name);
        if (known === name) continue;
        holder[known] = holder[name];
        delete holder[name];
      }
    }
    return message;
  }
}

/** Of this process; a thread of its own has none, and says what it has to say to this one. */
export const CREDENTIALS = new KnownCredentials();
strikeFromMessages((text) => CREDENTIALS.strike(text));

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Returns whether a value is one long word in which letters and digits alternate, as no name does. */
function looksRandom(value: string): boolean {
  if (value.length < 16 || !/^[\w+/=.~-]{1,4096}$/.test(value) || UUID.test(value)) return false;
  return (value.match(/[a-z][0-9]|[0-9][a-z]/gi)?.length ?? 0) >= 4;
}

function afterEquals(text: string): string {
  return text.slice(text.indexOf('=') + 1);
}

function decodedUri(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function patternOf(values: ReadonlySet<string>): RegExp {
  const forms = [...new Set([...values].flatMap(formsOf))].sort((a, b) => b.length - a.length);
  return new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
}

/** Returns a value as others may write it: as it is, in JSON, HTML, an address, hexadecimal, or base64. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const uri = encodeURIComponent(value);
  const html = value.replace(
    /[&<>"]/g,
    (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one] ?? one,
  );
  const json = JSON.stringify(value).slice(1, -1);
  const forms = [value, json, JSON.stringify(json).slice(1, -1), html, uri];
  forms.push(
    uri.replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()),
    bytes.toString('hex'),
  );
  for (const before of [0, 1, 2]) forms.push(...inBase64(bytes, before));
  return forms.filter((form) => form.length >= MIN_LENGTH);
}

/** Returns the characters of base64 that a value decides alone, this many bytes after a multiple of three. */
function inBase64(bytes: Buffer, before: number): string[] {
  const all = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  const own = all.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
}
