import { createHmac, timingSafeEqual } from 'node:crypto';

/** One person's right to decide on one request. */
interface ApprovalLink {
  readonly request: string;
  /** As `User::"lena"`. */
  readonly approver: string;
  /** Seconds since the epoch. */
  readonly expires: number;
}

/**
 * Signs and verifies the links by which people decide. A link is for one request and one person, until the request is decided. It works
 * once, because a person votes once.
 */
export class ApprovalLinks {
  constructor(private readonly key: Buffer) {}

  /** Signs a link. */
  tokenOf({ request, approver, expires }: ApprovalLink): string {
    const payload = Buffer.from(JSON.stringify([request, approver, expires])).toString('base64url');
    return `${payload}.${this.mac(payload)}`;
  }

  /** Returns the content of a token; undefined if this service has not signed it, or it has expired. */
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
