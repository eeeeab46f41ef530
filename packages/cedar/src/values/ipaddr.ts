const MAX_TEXT = 43; // eight groups of four and /128
const OCTET = /^(?:0|[1-9][0-9]{0,2})$/;
const GROUP = /^[0-9a-fA-F]{1,4}$/;

/** Cedar `ipaddr`: an IPv4 or IPv6 address with a prefix length. */
export class IpAddr {
  readonly typeName = 'ipaddr';
  private constructor(
    readonly version: 4 | 6,
    readonly address: bigint,
    readonly prefix: number,
  ) {}

  /** Reads an address or a CIDR range; a message instead of a value when the text is not one. */
  static parse(text: string): IpAddr | string {
    if (text.length > MAX_TEXT) return `invalid IP address: ${text.slice(0, MAX_TEXT)}…`;
    const slash = text.indexOf('/');
    const addressText = slash === -1 ? text : text.slice(0, slash);
    const v4 = readV4(addressText);
    const address = v4 ?? readV6(addressText);
    if (address === undefined) return `invalid IP address: ${text}`;
    const version = v4 === undefined ? 6 : 4;
    const bits = version === 4 ? 32 : 128;
    if (slash === -1) return new IpAddr(version, address, bits);
    const prefixText = text.slice(slash + 1);
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(prefixText) || Number(prefixText) > bits) {
      return `invalid prefix length in IP address: ${text}`;
    }
    return new IpAddr(version, address, Number(prefixText));
  }

  private get hostBits(): bigint {
    return BigInt((this.version === 4 ? 32 : 128) - this.prefix);
  }

  isLoopback(): boolean {
    return this.version === 4
      ? this.address >> 24n === 127n && this.prefix >= 8
      : this.address === 1n && this.prefix === 128;
  }

  isMulticast(): boolean {
    return this.version === 4
      ? this.address >> 28n === 0xen && this.prefix >= 4
      : this.address >> 120n === 0xffn && this.prefix >= 8;
  }

  /** Whether all of this range lies in the other. Ranges of different versions never do. */
  isInRange(other: IpAddr): boolean {
    if (this.version !== other.version || this.prefix < other.prefix) return false;
    return this.address >> other.hostBits === other.address >> other.hostBits;
  }

  toString(): string {
    if (this.version === 4) {
      return `${[24n, 16n, 8n, 0n].map((s) => (this.address >> s) & 255n).join('.')}/${this.prefix}`;
    }
    const groups = Array.from({ length: 8 }, (_, i) => ((this.address >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
    return `${groups.join(':')}/${this.prefix}`;
  }
}

function readV4(text: string): bigint | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  let address = 0n;
  for (const octet of octets) {
    if (!OCTET.test(octet) || Number(octet) > 255) return undefined;
    address = (address << 8n) | BigInt(octet);
  }
  return address;
}

/** IPv6 in hexadecimal groups. The form with an IPv4 tail is not part of Cedar. */
function readV6(text: string): bigint | undefined {
  const gap = text.indexOf('::');
  if (gap !== text.lastIndexOf('::')) return undefined;
  const head = gap === -1 ? text : text.slice(0, gap);
  const tail = gap === -1 ? '' : text.slice(gap + 2);
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === '' ? [] : tail.split(':');
  const missing = 8 - groups.length - rest.length;
  if (gap === -1 ? missing !== 0 : missing < 1) return undefined;
  let address = 0n;
  for (const group of [...groups, ...new Array<string>(missing).fill('0'), ...rest]) {
    if (!GROUP.test(group)) return undefined;
    address = (address << 16n) | BigInt(`0x${group}`);
  }
  return address;
}
