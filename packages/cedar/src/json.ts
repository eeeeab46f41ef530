import { CedarError, positionAt } from './errors.js';

/** A JSON value. Integers past 2^53 are `bigint`, so that no digit is lost. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

export interface JsonOptions {
  /**
   * `exact` reads every JSON text that has one meaning: duplicate keys are refused, integers past 2^53 become `bigint`.
   * `wire` also refuses what parsers are known to read differently (I-JSON, RFC 7493, and more): keys that differ only
   * in case, NUL, lone surrogates, integers past 2^53, and the key `__proto__`. Use it for what strangers send.
   */
  readonly mode?: 'exact' | 'wire';
  /** How deep arrays and objects may nest. */
  readonly maxDepth?: number;
}

const DEFAULT_MAX_DEPTH = 512;

/**
 * Parses JSON (RFC 8259) without ever losing or merging anything.
 *
 * @throws {CedarError} `json`, with the position, when the text is not JSON or is ambiguous
 * @example parseJson('{"n": 9223372036854775807}') // { n: 9223372036854775807n }
 */
export function parseJson(text: string, options: JsonOptions = {}): Json {
  return new Reader(text, options.mode === 'wire', options.maxDepth ?? DEFAULT_MAX_DEPTH).document();
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Reader {
  private at = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly wire: boolean,
    private readonly maxDepth: number,
  ) {}

  document(): Json {
    this.space();
    const value = this.value();
    this.space();
    if (this.at < this.text.length) this.fail('unexpected text after the JSON value');
    return value;
  }

  private fail(message: string, at = this.at): never {
    throw new CedarError('json', message, { position: positionAt(this.text, at) });
  }

  private space(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.at += 1;
    }
  }

  private value(): Json {
    switch (this.text[this.at]) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      case undefined:
        return this.fail('the JSON text ends too early');
      default:
        return this.number();
    }
  }

  private word<T extends Json>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.fail(`expected \`${word}\``);
    this.at += word.length;
    return value;
  }

  private number(): number | bigint {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    if (match === null) return this.fail('expected a JSON value');
    const start = this.at;
    this.at += match[0].length;
    const value = Number(match[0]);
    if (!Number.isFinite(value)) this.fail('this number is too large', start);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      if (this.wire) this.fail('this integer is past 2^53, where parsers differ', start);
      if (match[1] === undefined && match[2] === undefined) return BigInt(match[0]);
    }
    return value === 0 ? 0 : value;
  }

  private string(): string {
    const start = this.at;
    let from = start + 1;
    let out = '';
    for (let i = from; ; i += 1) {
      const c = this.text.charCodeAt(i);
      if (c === 0x22) {
        out += this.text.slice(from, i);
        this.at = i + 1;
        break;
      }
      if (c === 0x5c) {
        out += this.text.slice(from, i);
        const letter = this.text[i + 1] ?? '';
        if (letter === 'u') {
          const hex = this.text.slice(i + 2, i + 6);
          if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.fail('a \\u escape needs four hexadecimal digits', i);
          out += String.fromCharCode(Number.parseInt(hex, 16));
          i += 5;
        } else {
          const plain = ESCAPES[letter];
          if (plain === undefined) this.fail('unknown escape in a string', i);
          out += plain;
          i += 1;
        }
        from = i + 1;
      } else if (c < 0x20) {
        this.fail('a control character in a string must be escaped', i);
      } else if (Number.isNaN(c)) {
        this.fail('this string is not closed', start);
      }
    }
    if (this.wire) {
      if (out.includes('\0')) this.fail('a string contains NUL', start);
      if (!out.isWellFormed()) this.fail('a string contains half of a surrogate pair', start);
    }
    return out;
  }

  private enter(): void {
    this.depth += 1;
    if (this.depth > this.maxDepth) this.fail(`nested deeper than ${this.maxDepth} levels`);
    this.at += 1;
    this.space();
  }

  /** After an item: true when another follows, false when the bracket closes. */
  private more(close: string): boolean {
    this.space();
    const c = this.text[this.at];
    this.at += 1;
    if (c === ',') {
      this.space();
      return true;
    }
    if (c !== close) this.fail(`expected \`,\` or \`${close}\``, this.at - 1);
    this.depth -= 1;
    return false;
  }

  private array(): Json[] {
    this.enter();
    const out: Json[] = [];
    if (this.text[this.at] === ']') {
      this.more(']');
      return out;
    }
    do out.push(this.value());
    while (this.more(']'));
    return out;
  }

  private object(): { [key: string]: Json } {
    this.enter();
    const out: { [key: string]: Json } = {};
    if (this.text[this.at] === '}') {
      this.more('}');
      return out;
    }
    // Keys in lower case that differ, differ whatever their case: these are kept from the first other one on.
    let folded: Set<string> | undefined;
    do {
      const start = this.at;
      if (this.text[start] !== '"') this.fail('expected a key in double quotes');
      const key = this.string();
      if (Object.hasOwn(out, key)) this.fail(`the key ${JSON.stringify(key)} is given twice`, start);
      if (this.wire) {
        const fold = foldOf(key);
        if (fold !== key) folded ??= new Set(Object.keys(out));
        if (folded?.has(fold)) this.fail(`the key ${JSON.stringify(key)} is given twice, in different case`, start);
        folded?.add(fold);
        if (key === '__proto__') this.fail('the key "__proto__" is not accepted', start);
      }
      this.space();
      if (this.text[this.at] !== ':') this.fail('expected `:`');
      this.at += 1;
      this.space();
      const value = this.value();
      if (key === '__proto__') {
        Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
      } else {
        out[key] = value;
      }
    } while (this.more('}'));
    return out;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about all of ASCII
const NOT_ASCII = /[^\x00-\x7f]/;

/** A key without its case, as the least exact parser would see it: Go's, for one, takes the long s for an s (CVE-2026-27896). */
function foldOf(key: string): string {
  return NOT_ASCII.test(key) ? key.toUpperCase().toLowerCase() : key.toLowerCase();
}
