import { createHmac, timingSafeEqual } from 'node:crypto';

/** Whom a link is for, and what it lets decide. */
interface ApprovalLink {
  readonly request: string;
  /** As `User::"lena"`. */
  readonly approver: string;
  /** Seconds since the epoch. */
  readonly expires: number;
}

/**
 * What is sent to one person, and proves that it is they who decide: signed, for one request and one person, until it is decided. It
 * works once, because nobody decides twice.
 */
export class ApprovalLinks {
  constructor(private readonly key: Buffer) {}

  tokenOf({ request, approver, expires }: ApprovalLink): string {
    const payload = Buffer.from(JSON.stringify([request, approver, expires])).toString('base64url');
    return `${payload}.${this.mac(payload)}`;
  }

  /** Undefined for one that is not ours, or too old. */
  read(token: string, now: Date): ApprovalLink | undefined {
    const [payload = '', mac = '', ...more] = token.split('.');
    const ours = Buffer.from(this.mac(payload));
    const theirs = Buffer.from(mac);
    if (more.length > 0 || ours.length !== theirs.length || !timingSafeEqual(ours, theirs)) return undefined;
    const [request, approver, expires] = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as [
      string,
      string,
      number,
    ];
    return expires * 1_000 <= now.getTime() ? undefined : { request, approver, expires };
  }

  private mac(payload: string): string {
    return createHmac('sha256', this.key).update(`approval link ${payload}`).digest('base64url');
  }
}
