import { NotUnderstood } from './not-understood.js';

/** In UTF-8. A statement of a person or a model is far shorter; time and memory of the parser grow with the length. */
const MAX_BYTES = 16 * 1024;
/** The time of the parser grows with the square of their number. */
const MAX_COMMENTS = 64;

/**
 * Refuses texts that the parser and a server would read differently, and those that cost too much.
 *
 * @throws {NotUnderstood}
 */
export function checkText(text: string): void {
  if (text.length > MAX_BYTES || Buffer.byteLength(text) > MAX_BYTES)
    throw new NotUnderstood('size', `the text is longer than ${MAX_BYTES} bytes; split it`);
  // The parser ends at a NUL; a driver may not.
  if (text.includes('\0')) throw new NotUnderstood('text', 'the text contains the character U+0000; remove it');
  if (!text.isWellFormed()) throw new NotUnderstood('text', 'the text contains half of a surrogate pair; remove it');
  // A server with standard_conforming_strings off ends a string elsewhere.
  if (text.includes("\\'"))
    throw new NotUnderstood('text', "the text contains \\', which servers read in two ways; write the quote as ''");
  if (text.split('/*').length > MAX_COMMENTS + 1)
    throw new NotUnderstood('size', `the text opens more than ${MAX_COMMENTS} comments; remove them`);
}
