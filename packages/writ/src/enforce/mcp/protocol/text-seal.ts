import { timingSafeEqual } from 'node:crypto';
import canonicalize from 'canonicalize';

/** Binds texts that go through a client to what they were given for, by a MAC. Nothing is kept for them. */
export class TextSeal {
  /**
   * @param hash a keyed hash whose text has no dot
   * @param purpose separates these texts from others that are sealed with the same key
   */
  constructor(
    private readonly hash: (text: string) => string,
    private readonly purpose: string,
  ) {}

  seal(text: string, givenFor: object): string {
    return `${this.mac(text, givenFor)}.${text}`;
  }

  /** Returns the text; undefined if it was not sealed for that. */
  open(sealed: string, givenFor: object): string | undefined {
    const dot = sealed.indexOf('.');
    const text = sealed.slice(dot + 1);
    const [mac, expected] = [Buffer.from(sealed.slice(0, Math.max(dot, 0))), Buffer.from(this.mac(text, givenFor))];
    return mac.length === expected.length && timingSafeEqual(mac, expected) ? text : undefined;
  }

  private mac(text: string, givenFor: object): string {
    return this.hash(canonicalize({ ...givenFor, [this.purpose]: text }) ?? '');
  }
}
