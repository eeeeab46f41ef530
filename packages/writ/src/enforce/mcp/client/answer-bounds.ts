import { UpstreamError } from '../../errors.js';

/** In bytes, unpacked. A list is read before anybody has decided anything. */
const MAX_ANSWER = 32 * 1024 * 1024;
const MAX_WHILE_LISTING = 8 * 1024 * 1024;

/** The bounds of what a server sends. It can send the more once it has listed what it offers. */
export class AnswerBounds {
  private isListed = false;

  /** The most bytes of one message. */
  get bytes(): number {
    return this.isListed ? MAX_ANSWER : MAX_WHILE_LISTING;
  }

  /** Allows answers of calls. */
  listed(): void {
    this.isListed = true;
  }

  /** @throws {UpstreamError} if a message is larger than that */
  check(bytes: number): void {
    if (bytes > this.bytes) throw tooLarge(this.bytes);
  }
}

function tooLarge(bytes: number): UpstreamError {
  return new UpstreamError(
    `its answer is larger than ${bytes / (1024 * 1024)} MiB`,
    'let the server answer less, or in pages',
  );
}
