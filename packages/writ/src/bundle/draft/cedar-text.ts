/** Returns a text as a literal of Cedar. Cedar has other escapes than JSON: a control character is `\u{1b}`. */
export function cedarText(text: string): string {
  const plain = JSON.stringify(text.toWellFormed());
  return plain.replace(/\\(?:u([0-9a-f]{4})|[bf]|.)/g, (found, code: string | undefined) => {
    if (code !== undefined) return `\\u{${code}}`;
    return found === '\\b' ? '\\u{8}' : found === '\\f' ? '\\u{c}' : found;
  });
}
