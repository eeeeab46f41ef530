import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** IPv4 addresses that are not public (IANA IPv4 Special-Purpose Address Registry), and those that change into IPv6. */
const NOT_PUBLIC_4: readonly (readonly [address: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
/** Parts of the global unicast space of IPv6 that are not public, or in which an IPv4 address is carried (Teredo, 6to4). */
const NOT_PUBLIC_6: readonly (readonly [address: string, prefix: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];
/** The addresses at which clouds give out credentials. Azure has its address in the public space. */
const METADATA: readonly string[] = [
  ...['169.254.169.254', '169.254.170.2', '169.254.170.23', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
  ...['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254'],
];

/** Says which addresses a tunnel may lead to: public ones, and those that the operator lists. */
export class Addresses {
  private readonly notPublic4 = new BlockList();
  private readonly notPublic6 = new BlockList();
  private readonly global6 = new BlockList();
  private readonly metadata = new BlockList();
  private readonly exact = new BlockList();
  private readonly listed = new BlockList();

  /**
   * @param exceptions addresses, and prefixes as `10.1.0.0/16`; an address where credentials are given out has to be listed itself
   * @param own returns the addresses of this machine
   */
  constructor(
    exceptions: readonly string[],
    private readonly own: () => readonly string[] = ownAddresses,
  ) {
    for (const [address, prefix] of NOT_PUBLIC_4) this.notPublic4.addSubnet(address, prefix, 'ipv4');
    for (const [address, prefix] of NOT_PUBLIC_6) this.notPublic6.addSubnet(address, prefix, 'ipv6');
    // All else of IPv6 is local, mapped, translated (NAT64), multicast or not given out.
    this.global6.addSubnet('2000::', 3, 'ipv6');
    for (const address of METADATA) this.metadata.addAddress(address, familyOf(address));
    for (const exception of exceptions) {
      const [address = '', prefix] = exception.split('/');
      if (prefix === undefined) this.exact.addAddress(address, familyOf(address));
      else this.listed.addSubnet(address, Number(prefix), familyOf(address));
    }
  }

  /** Returns whether a tunnel may lead to an address, in the one text form that the operating system writes. */
  admits(address: string): boolean {
    // A zone (`fe80::1%eth0`) is of a link.
    if (!(isIPv4(address) || isIPv6(address)) || address.includes('%')) return false;
    const family = familyOf(address);
    if (this.exact.check(address, family)) return true;
    if (this.metadata.check(address, family)) return false;
    if (this.listed.check(address, family)) return true;
    if (this.own().includes(address)) return false;
    return family === 'ipv4'
      ? !this.notPublic4.check(address, 'ipv4')
      : this.global6.check(address, 'ipv6') && !this.notPublic6.check(address, 'ipv6');
  }
}

/** Returns whether a text is an address, or a prefix of addresses, that can be listed. */
export function isAddressOrPrefix(text: string): boolean {
  const [, address = '', prefix] = /^([0-9a-fA-F.:]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? [];
  if (!isIPv4(address) && !isIPv6(address)) return false;
  // A shorter prefix would be most of the network.
  return prefix === undefined || (isIPv4(address) ? inside(prefix, 8, 32) : inside(prefix, 32, 128));
}

function inside(text: string, from: number, to: number): boolean {
  return Number(text) >= from && Number(text) <= to;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}
