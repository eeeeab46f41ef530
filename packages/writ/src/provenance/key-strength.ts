/** Characters: 32 have at least 128 bits in hexadecimal. */
const MIN_LENGTH = 32;
const MAX_LENGTH = 512;
/** Bits that a sample of random text of that length has at least: of 3,000,000 times 32 random digits of hexadecimal the least had 84. */
const MIN_BITS = 80;
/** Those of a bearer token (RFC 6750, section 2.1). */
const CHARACTERS = /^[A-Za-z0-9._~+/-]+=*$/;
const HOW_TO = '`openssl rand -base64 32` makes a key';

/**
 * Returns why a text is too weak for a key, without the text; undefined if it is not. The store has a fast hash of it: a reader of the
 * store can try every text that a person thinks of.
 */
export function weaknessOf(key: string): string | undefined {
  if (key === '') return `it is empty; ${HOW_TO}`;
  if (key.length < MIN_LENGTH)
    return `it has ${key.length} characters, and a key has at least ${MIN_LENGTH}; ${HOW_TO}`;
  if (key.length > MAX_LENGTH) return `it has ${key.length} characters, and a key has at most ${MAX_LENGTH}`;
  if (!CHARACTERS.test(key)) return `it has a character that no bearer token has (RFC 6750); ${HOW_TO}`;
  const bits = Math.floor(sampledBits(key));
  if (bits < MIN_BITS)
    return `it repeats itself, or follows a pattern: about ${bits} bits, and a key has at least ${MIN_BITS}; ${HOW_TO}`;
  return undefined;
}

/** Estimates the bits in a text by its characters, by the steps from one to the next, and by how soon it repeats itself. */
function sampledBits(text: string): number {
  const codes = [...text].map((one) => one.charCodeAt(0));
  const steps = codes.slice(1).map((code, i) => code - (codes[i] as number));
  const length = periodOf(text);
  return Math.min(entropyOf(codes), entropyOf(steps)) * length;
}

/** Returns the length of the shortest text that this one is made of by repeating it. */
function periodOf(text: string): number {
  // The shortest shift by which a text matches itself (Knuth, Morris and Pratt).
  const matched = new Array<number>(text.length).fill(0);
  for (let i = 1, k = 0; i < text.length; i += 1) {
    while (k > 0 && text[i] !== text[k]) k = matched[k - 1] as number;
    if (text[i] === text[k]) k += 1;
    matched[i] = k;
  }
  return text.length - (matched[text.length - 1] ?? 0);
}

/** Returns the bits of one item of a list, by how often each occurs (Shannon). */
function entropyOf(items: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / items.length) * Math.log2(count / items.length);
  return bits;
}
