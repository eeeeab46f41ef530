import { describe, expect, it } from 'vitest';
import { Addresses, isAddressOrPrefix } from './addresses.js';

const none = (): string[] => [];

describe('an address that a tunnel may lead to', () => {
  const addresses = new Addresses([], none);

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '11.0.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '192.167.1.1',
    '198.17.0.1',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
    '2400:cb00::1',
  ])('is %s', (address) => {
    expect(addresses.admits(address)).toBe(true);
  });

  it.each<[string, readonly string[]]>([
    ['private', ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.1.1']],
    ['of loopback', ['127.0.0.1', '127.255.255.255', '::1']],
    ['of nothing', ['0.0.0.0', '0.1.2.3', '::']],
    ['of a link', ['169.254.1.1', 'fe80::1', 'fe80::1%eth0', 'febf::1']],
    ['of a carrier', ['100.64.0.1', '100.127.255.255']],
    ['of a group', ['224.0.0.1', '239.255.255.255', 'ff02::1', '255.255.255.255', '240.0.0.1']],
    [
      'where credentials are given out',
      ['169.254.169.254', '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254'],
    ],
    ['of documents and tests', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '2001:db8::1', '3fff::1']],
    ['of one site', ['fc00::1', 'fd12:3456::1', 'fec0::1']],
    ['mapped from IPv4', ['::ffff:10.0.0.1', '::ffff:1.1.1.1', '::ffff:7f00:1', '::127.0.0.1', '::10.0.0.1']],
    [
      'translated from IPv4',
      ['64:ff9b::a00:1', '64:ff9b::808:808', '64:ff9b:1::1', '2002:a00:1::1', '2002:7f00:1::', '2001:0:1::1'],
    ],
    ['of relays', ['192.88.99.1', '192.31.196.1', '192.52.193.1']],
    [
      'in another form',
      ['127.1', '2130706433', '0x7f.1', '0177.0.0.1', '010.0.0.1', '1.1.1.1.', '[::1]', '', 'localhost', '1.1.1.1/32'],
    ],
  ])('is none %s', (_what, all) => {
    expect(all.filter((address) => addresses.admits(address))).toEqual([]);
  });

  it('is none of this machine', () => {
    expect(new Addresses([], () => ['93.184.216.34']).admits('93.184.216.34')).toBe(false);
  });

  it('is one that the operator lists, by itself or in a prefix', () => {
    const some = new Addresses(['10.0.0.5', '10.1.0.0/16', 'fd12::/48', '169.254.0.0/16'], none);
    expect(['10.0.0.5', '10.1.2.3', 'fd12::5'].map((one) => some.admits(one))).toEqual([true, true, true]);
    expect(['10.0.0.6', '10.2.0.1', 'fd13::5', '127.0.0.1'].map((one) => some.admits(one))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('is one where credentials are given out only if that is listed itself', () => {
    expect(new Addresses(['169.254.0.0/16'], none).admits('169.254.169.254')).toBe(false);
    expect(new Addresses(['169.254.169.254'], none).admits('169.254.169.254')).toBe(true);
  });
});

it('a list has addresses and prefixes that are no whole network', () => {
  for (const text of ['10.0.0.5', '10.0.0.0/8', 'fd00::1', 'fd00::/48'])
    expect([text, isAddressOrPrefix(text)]).toEqual([text, true]);
  for (const text of [
    '0.0.0.0/0',
    '10.0.0.0/33',
    '::/0',
    'fd00::/16',
    'localhost',
    '010.0.0.1',
    '10.0.0.5/',
    '10.0.0.0/08',
    '1',
    '',
  ])
    expect([text, isAddressOrPrefix(text)]).toEqual([text, false]);
});
