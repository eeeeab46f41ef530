import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { NoteError } from './errors.js';

/** Signed notes (C2SP signed-note): a text with signatures under it. */

const ED25519 = 0x01;
const COSIGNATURE = 0x04;
const MAX_NOTE_BYTES = 1_000_000;
/** More than the specification requires a verifier to accept. */
const MAX_SIGNATURES = 64;
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** A public key, read from its text `<name>+<key id>+<key>`. */
export interface Verifier {
  readonly name: string;
  /** Four bytes, as hex. */
  readonly keyId: string;
  /** Whether its signatures are cosignatures with a time (C2SP tlog-cosignature), not of the note itself. */
  readonly isWitness: boolean;
  readonly key: KeyObject;
  /** The text of the key. */
  readonly vkey: string;
}

export interface Signer extends Verifier {
  readonly privateKey: KeyObject;
  /** The text of the private key, in the form of Go's golang.org/x/mod/sumdb/note. */
  readonly skey: string;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: string;
  readonly signature: Buffer;
}

export interface Note {
  /** With the newline at its end. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/**
 * Returns a signer of notes, or of cosignatures.
 *
 * @param seed the 32 bytes of an Ed25519 private key (RFC 8032)
 * @example signerOf('example.com/log', seed).vkey // 'example.com/log+…'
 */
export function signerOf(name: string, seed: Buffer, isWitness = false): Signer {
  assertName(name);
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const bytes = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
  const verifier = verifierWith(name, isWitness, bytes);
  const typed = Buffer.concat([Buffer.of(isWitness ? COSIGNATURE : ED25519), seed]).toString('base64');
  return { ...verifier, privateKey, skey: `PRIVATE+KEY+${name}+${verifier.keyId}+${typed}` };
}

/** Reads a private key. @throws {NoteError} if it is not the text of an Ed25519 private key */
export function parseSigner(skey: string): Signer {
  const [, name = '', keyId, encoded = ''] = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(skey.trim()) ?? [];
  const typed = Buffer.from(encoded, 'base64');
  const signer =
    typed.length === 33 && (typed[0] === ED25519 || typed[0] === COSIGNATURE)
      ? signerOf(name, typed.subarray(1), typed[0] === COSIGNATURE)
      : undefined;
  if (signer?.keyId !== keyId || signer === undefined)
    throw new NoteError('not an Ed25519 private key', 'it is PRIVATE+KEY+<name>+<key id>+<base64>');
  return signer;
}

/** Reads a public key. @throws {NoteError} if it is not the text of an Ed25519 key */
export function parseVerifier(vkey: string): Verifier {
  const [name = '', keyId = '', ...rest] = vkey.trim().split('+');
  // Base64 can have plus signs too.
  const bytes = Buffer.from(rest.join('+'), 'base64');
  const [type] = bytes;
  if (bytes.length !== 33 || (type !== ED25519 && type !== COSIGNATURE) || bytes.toString('base64') !== rest.join('+'))
    throw new NoteError(`"${vkey.slice(0, 80)}" is not an Ed25519 verifier key`, 'it is <name>+<key id>+<base64>');
  assertName(name);
  const verifier = verifierWith(name, type === COSIGNATURE, bytes.subarray(1));
  if (verifier.keyId !== keyId)
    throw new NoteError(`the key id ${keyId} of ${name} is not that of its key`, 'copy the whole line again');
  return verifier;
}

function verifierWith(name: string, isWitness: boolean, publicKey: Buffer): Verifier {
  const typed = Buffer.concat([Buffer.of(isWitness ? COSIGNATURE : ED25519), publicKey]);
  const keyId = createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4).toString('hex');
  const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' });
  return { name, keyId, isWitness, key, vkey: `${name}+${keyId}+${typed.toString('base64')}` };
}

function assertName(name: string): void {
  if (name === '' || /[\s+\p{Zs}\p{Cc}]/u.test(name))
    throw new NoteError(
      `"${name}" cannot be the name of a key`,
      'a name has no space, no control character and no plus',
    );
}

/** Returns a note with one more signature under it. */
export function signedNote(text: string, signer: Signer, before: readonly NoteSignature[] = []): string {
  return noteText({ text, signatures: [...before, signatureBy(text, signer)] });
}

/** Returns a signature of a text. @param now the time of a cosignature, in seconds since the epoch */
export function signatureBy(text: string, signer: Signer, now = 0): NoteSignature {
  const { name, keyId, isWitness, privateKey } = signer;
  if (!isWitness) return { name, keyId, signature: sign(null, Buffer.from(text), privateKey) };
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(now));
  return { name, keyId, signature: Buffer.concat([time, sign(null, cosigned(text, BigInt(now)), privateKey)]) };
}

export function noteText({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(signatureLine).join('')}`;
}

export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64')}\n`;
}

/** Reads a signed note. @throws {NoteError} if it is not the text of one */
export function parseNote(note: string | Buffer): Note {
  const whole = typeof note === 'string' ? note : decoded(note);
  const malformed = (why: string): NoteError => new NoteError(`not a signed note: ${why}`);
  if (whole.length > MAX_NOTE_BYTES) throw malformed('it is too long');
  if (hasControl(whole)) throw malformed('it has control characters');
  const at = whole.lastIndexOf('\n\n');
  if (at < 0 || !whole.endsWith('\n')) throw malformed('it has no signatures');
  const lines = whole.slice(at + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw malformed('it has too many signatures');
  return { text: whole.slice(0, at + 1), signatures: lines.map((line) => parseSignature(line, malformed)) };
}

/** Reads signatures, a line each. @throws {NoteError} if a line is not a signature */
export function parseSignatures(lines: string): NoteSignature[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parseSignature(line, (why) => new NoteError(`not signatures of a note: ${why}`)));
}

/** Returns whether a text has a control character other than the newline. */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x7f || (code < 0x20 && code !== 0x0a)) return true;
  }
  return false;
}

function parseSignature(line: string, malformed: (why: string) => NoteError): NoteSignature {
  const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (name === undefined || bytes.length < 5 || bytes.toString('base64') !== encoded)
    throw malformed(`"${line.slice(0, 60)}" is not a signature`);
  return { name, keyId: bytes.subarray(0, 4).toString('hex'), signature: bytes.subarray(4) };
}

function decoded(note: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(note);
  } catch {
    throw new NoteError('not a signed note: it is not UTF-8');
  }
}

/**
 * Returns which of the known keys signed a note. Signatures of unknown keys are ignored.
 *
 * @throws {NoteError} if a signature of a known key does not fit: then nothing of the note counts
 */
export function verifiedBy(
  note: Note,
  known: readonly Verifier[],
): { readonly verifier: Verifier; readonly at?: Date }[] {
  const found: { verifier: Verifier; at?: Date }[] = [];
  for (const { name, keyId, signature } of note.signatures) {
    const verifier = known.find((one) => one.name === name && one.keyId === keyId);
    if (verifier === undefined) continue;
    const at = verifier.isWitness && signature.length === 72 ? signature.readBigUInt64BE() : 0n;
    const signed = verifier.isWitness ? cosigned(note.text, at) : Buffer.from(note.text);
    const bytes = verifier.isWitness ? signature.subarray(8) : signature;
    if (bytes.length !== 64 || !verify(null, signed, verifier.key, bytes))
      throw new NoteError(`the signature of ${name} does not fit the note`);
    if (!found.some((one) => one.verifier === verifier))
      found.push(verifier.isWitness ? { verifier, at: new Date(Number(at) * 1_000) } : { verifier });
  }
  return found;
}

function cosigned(text: string, at: bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${at}\n${text}`);
}
