/** The ways in which the letters of a text are written otherwise. */

/** Letters of other alphabets that look like these. */
export const LOOKALIKES: Readonly<Record<string, string>> = {
  ...{ a: '\u0430', c: '\u0441', e: '\u0435', i: '\u0456', o: '\u043e', p: '\u0440', s: '\u0455', x: '\u0445' },
  ...{ y: '\u0443', d: '\u0501', h: '\u04bb', j: '\u0458', l: '\u04cf', v: '\u03bd', k: '\u03ba', n: '\u0578' },
};

/** Characters that no eye sees. */
export const HIDDEN = ['\u200b', '\u200c', '\u200d', '\u2060', '\u00ad', '\ufe0f', '\u{e0001}', '\u180e', '\u034f'];
/** White space that is no plain space. */
export const SPACES = ['  ', '\t', '\n', '\u00a0', '\u2009', '\u3000', '\r\n', '\u2028', ' \u200b'];
/** The first digits of other scripts. */
export const ZEROS = [0x660, 0x6f0, 0x966, 0xff10, 0x1d7ce];
export const DIGIT_WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

export function wide(text: string): string {
  return text.replace(/[!-~]/g, (c) => String.fromCodePoint((c.codePointAt(0) as number) + 0xfee0));
}

/** Letters of mathematics, in bold. */
export function bold(text: string): string {
  return text.replace(/[A-Za-z]/g, (c) => {
    const code = c.codePointAt(0) as number;
    return String.fromCodePoint(code >= 97 ? code - 97 + 0x1d41a : code - 65 + 0x1d400);
  });
}

export function turned(text: string): string {
  return [...text].reverse().join('');
}

export function rotated(text: string): string {
  return text.replace(/[a-z]/gi, (c) => {
    const first = c <= 'Z' ? 65 : 97;
    return String.fromCharCode(((c.charCodeAt(0) - first + 13) % 26) + first);
  });
}

export function escaped(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
