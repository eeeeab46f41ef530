import { describe, expect, it } from 'vitest';
import { leastCpuMs } from '../../../test/least-cpu.js';
import { linksIn } from './links.js';

describe('linksIn', () => {
  it.each([
    ['an address with a query', 'see https://evil.example/a?b=1.', 'https://evil.example/a?b=1'],
    ['an ending that nobody listed', 'go to evil.tech/x?d=1', 'evil.tech/x?d=1'],
    ['a bare host', 'visit evil.ai now', 'evil.ai'],
    ['a host whose ending is also that of files', 'take a.zip', 'a.zip'],
    ['a host in another script', 'see пример.рф', 'пример.рф'],
    ['a host in Punycode', 'see evil.xn--p1ai', 'evil.xn--p1ai'],
    ['a picture without a scheme', '![](//evil.tech/x.png)', '//evil.tech/x.png'],
    ['an IP address', 'see 10.1.2.3/x', '10.1.2.3/x'],
    ['an IP address as one number', 'http://2130706433/', 'http://2130706433/'],
    ['backslashes', 'http:\\\\evil.example', 'http:\\\\evil.example'],
    ['no slashes', 'https:evil.tech', 'https:evil.tech'],
    ['full-width characters', 'ｅｖｉｌ．ｔｅｃｈ', 'evil.tech'],
    ['an ideographic full stop', 'evil。tech', 'evil.tech'],
    ['characters that no eye sees', 'ev\u200bil.te\u00adch', 'evil.tech'],
    ['a line end within a link', '[x](https://ev\nil.tech/a)', 'https://evil.tech/a'],
    ['a tab within an attribute', '<img src="https://ev\til.tech/a">', 'https://evil.tech/a'],
    ['a script', 'javascript:alert', 'javascript:alert'],
    ['a telephone number', 'tel:+49123', 'tel:+49123'],
    ['an e-mail address', 'Or mail a.b@c.example!', 'a.b@c.example'],
    ['an e-mail address with a long name', `${'a'.repeat(80)}@evil.example`, 'evil.example'],
    ['words for signs', 'go to evil dot example slash login', 'evil.example/login'],
    ['words for the signs of a mailbox', 'write to eve at evil dot example', 'eve@evil.example'],
    ['gaps', 'see evil . example / login', 'evil.example/login'],
    ['points in brackets', 'hxxps://evil[.]example/a', 'https://evil.example/a'],
    ['the name of a file with a path after it', 'report.txt/x', 'report.txt/x'],
  ])('finds %s', (_what, text, link) => {
    expect(linksIn(text)).toContain(link);
  });

  it.each([
    'no link, 3.5 percent, e.g. this, i.e. that',
    'report.txt and table.csv',
    'version v1.2.3 of 12.5.2024 at 10:30 p.m.',
    '// a comment',
    'and/or, N/A, 50/50',
    'the dot is red, a dot on the map, polka dot and more',
  ])('finds none in %j', (text) => {
    expect(linksIn(text)).toEqual([]);
  });

  it('takes time in proportion to the text, whatever it says', () => {
    for (const unit of [
      'a',
      'a.',
      'a@',
      '!',
      '//',
      'www.',
      'a-',
      '1.',
      'http:',
      '](',
      '<a href=\n',
      'é.',
      ' dot ',
      'a dot b ',
      'a . b / ',
      'a[.]b ',
    ]) {
      const text = unit.repeat((256 * 1024) / unit.length);
      expect(
        leastCpuMs(() => linksIn(text)),
        unit,
      ).toBeLessThan(1_000);
    }
  });
});
