import { LONG_MAX, LONG_MIN } from './long.js';

const FORM = /^(-?)([0-9]+)\.([0-9]+)$/;

/** Cedar `decimal`: four fractional digits, range of a 64-bit integer over 10000. */
export class Decimal {
  readonly typeName = 'decimal';
  private constructor(readonly tenThousandths: bigint) {}

  /** Reads `-?digits.digits`; a message instead of a value when the text is not one. */
  static parse(text: string): Decimal | string {
    const match = FORM.exec(text);
    if (match === null) return `\`${text}\` is not a well-formed decimal value${hintFor(text)}`;
    const [, sign, digits = '', fraction = ''] = match;
    const whole = digits.replace(/^0+/, '');
    if (fraction.length > 4) return `too many digits after the decimal in \`${text}\``;
    if (whole.length > 20) return 'overflow when converting to decimal';
    const magnitude = BigInt(whole) * 10_000n + BigInt(fraction.padEnd(4, '0'));
    const value = sign === '-' ? -magnitude : magnitude;
    return value < LONG_MIN || value > LONG_MAX ? 'overflow when converting to decimal' : new Decimal(value);
  }

  toString(): string {
    const magnitude = this.tenThousandths < 0n ? -this.tenThousandths : this.tenThousandths;
    const sign = this.tenThousandths < 0n ? '-' : '';
    return `${sign}${magnitude / 10_000n}.${String(magnitude % 10_000n).padStart(4, '0')}`;
  }
}

/** A whole number lacks the digits after the point. */
function hintFor(text: string): string {
  return /^-?[0-9]{1,20}$/.test(text) ? `; write \`decimal("${text}.0")\`` : '';
}
