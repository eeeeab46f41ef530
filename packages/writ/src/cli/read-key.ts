import { existsSync, readFileSync } from 'node:fs';
import { NoteError } from '../audit/tlog/errors.js';
import { parseVerifier, type Verifier } from '../audit/tlog/note.js';

/** Returns a public key from its line or its file. @throws {NoteError} if the text is neither */
export function readKey(text: string): Verifier {
  if (/^\S+\+[0-9a-f]{8}\+\S+$/.test(text)) return parseVerifier(text);
  if (!existsSync(text))
    throw new NoteError(
      `"${text}" is neither a public key nor a file of one`,
      'a service writes its own to keys/log.pub',
    );
  return parseVerifier(readFileSync(text, 'utf8'));
}
