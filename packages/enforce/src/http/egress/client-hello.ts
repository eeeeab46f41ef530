/** The name in the first message of TLS (RFC 8446, section 4.1.2; RFC 6066, section 3), which no key hides. */

/** `more`: the message is not there whole. `other`: it is no such message, or has two readings. */
type ReadName = { readonly name: string } | 'more' | 'other';

const [HANDSHAKE, CLIENT_HELLO, SERVER_NAME, HOST_NAME] = [22, 1, 0, 0];
const RECORD_HEAD = 5;
const MESSAGE_HEAD = 4;
const MAX_RECORD = 2 ** 14;
/** With keys that resist quantum computers it has some 2,000 bytes. */
const MAX_MESSAGE = 2 ** 15;
const MAX_RECORDS = 16;

/** Returns the name that a client asks a TLS server for. @param bytes the first that it sent */
export function serverNameIn(bytes: Buffer): ReadName {
  const message = messageIn(bytes);
  if (typeof message === 'string') return message;
  try {
    return nameIn(new Reader(message));
  } catch (error) {
    if (error instanceof RangeError) return 'other';
    throw error;
  }
}

/** Puts the message together, which can stand in several records. */
function messageIn(bytes: Buffer): Buffer | 'more' | 'other' {
  const pieces: Buffer[] = [];
  let size = 0;
  for (let at = 0; ; ) {
    if (bytes.length > at && bytes[at] !== HANDSHAKE) return 'other';
    if (bytes.length > at + 1 && bytes[at + 1] !== 3) return 'other';
    if (bytes.length < at + RECORD_HEAD) return 'more';
    const length = bytes.readUInt16BE(at + 3);
    if (pieces.length === MAX_RECORDS || length === 0 || length > MAX_RECORD) return 'other';
    const piece = bytes.subarray(at + RECORD_HEAD, at + RECORD_HEAD + length);
    pieces.push(piece);
    size += piece.length;
    const message = Buffer.concat(pieces);
    if (size >= 1 && message[0] !== CLIENT_HELLO) return 'other';
    if (size >= MESSAGE_HEAD) {
      const whole = MESSAGE_HEAD + message.readUIntBE(1, 3);
      if (whole > MAX_MESSAGE) return 'other';
      if (size >= whole) return message.subarray(MESSAGE_HEAD, whole);
    }
    if (piece.length < length) return 'more';
    at += RECORD_HEAD + length;
  }
}

function nameIn(hello: Reader): ReadName {
  hello.take(2 + 32);
  hello.take(hello.number(1));
  hello.take(hello.number(2));
  hello.take(hello.number(1));
  const extensions = hello.part(2);
  if (hello.left !== 0) return 'other';
  let name: string | undefined;
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const data = extensions.part(2);
    if (type !== SERVER_NAME) continue;
    if (name !== undefined) return 'other';
    const list = data.part(2);
    if (data.left !== 0 || list.number(1) !== HOST_NAME) return 'other';
    name = list.take(list.number(2)).toString('latin1');
    if (list.left !== 0) return 'other';
  }
  return name === undefined ? 'other' : { name };
}

/** Reads numbers and parts one after the other. @throws {RangeError} past the end */
class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  number(size: 1 | 2): number {
    return this.take(size).readUIntBE(0, size);
  }

  take(size: number): Buffer {
    if (size > this.left) throw new RangeError('the message is shorter than it says');
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  /** Takes a part that its length stands before. */
  part(size: 1 | 2): Reader {
    return new Reader(this.take(this.number(size)));
  }
}
