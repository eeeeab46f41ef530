import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { TextError } from './errors.js';

const BYTE_ORDER_MARK = '\ufeff';
const LINE_END = 0x0a;

/**
 * Returns the text of a file that a person wrote, without the byte order mark that editors and shells of Windows write.
 *
 * @param file a path, or `-` for standard input
 * @throws {TextError} if its bytes are not UTF-8, because another reader would read another text
 */
export function readTextFile(file: string): string {
  return textOf(readFileSync(file === '-' ? 0 : file), file);
}

/** Returns the text of the bytes of a file, as {@link readTextFile} does. @throws {TextError} if they are not UTF-8 */
export function textOf(bytes: Uint8Array, file: string): string {
  if (isUtf8(bytes)) return splitMark(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))[1];
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const place = isUtf16 ? `${file}: the text is UTF-16` : `${file}:${lineOfFault(bytes)}: the line is not UTF-8`;
  throw new TextError(place, 'save the file as UTF-8');
}

/** Returns the byte order mark at the beginning of a text, which may be empty, and the rest. */
export function splitMark(text: string): readonly [mark: string, rest: string] {
  return text.startsWith(BYTE_ORDER_MARK) ? [BYTE_ORDER_MARK, text.slice(1)] : ['', text];
}

/** Returns the first line, counted from 1, that is not UTF-8: no character of it has the byte of a line end in it. */
function lineOfFault(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start <= bytes.length; line += 1) {
    const found = bytes.indexOf(LINE_END, start);
    const end = found === -1 ? bytes.length : found;
    if (!isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
  return line;
}
