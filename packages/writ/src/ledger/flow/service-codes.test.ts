import { describe, expect, it } from 'vitest';
import { leastCpuMs } from '../../../test/least-cpu.js';
import { isOfService, messageOf, type SentMessage } from './message-codes.js';
import { codesOf } from './returned-codes.js';
import { isSentByService, ServiceCodes } from './service-codes.js';

const codesIn = (text: string): readonly string[] => messageOf(text, 'shop.example')?.codes ?? [];

describe('the codes in a message', () => {
  it.each<[string, string[]]>([
    ['Your verification code is 123456.', ['123456']],
    ['123 456 is your code', ['123456']],
    ['Use the one-time password: 9921', ['9921']],
    ['Token AB12-CD34-EF56', ['AB12CD34EF56']],
    ['Dein Passwort lautet 778812', ['778812']],
    ['Code 111111 or code 222222', ['111111', '222222']],
    ['Order 123456 was sent', []],
    ['Your code has been used on ana@123456.example and 1.234,50', []],
    [`code ${'x '.repeat(60)}123456`, []],
    ['The PINK one costs 4000', []],
  ])('of %j are %j', (text, codes) => {
    expect(codesIn(text)).toEqual(codes);
  });

  it('are found in a text that is made to be slow', () => {
    expect(codesIn('code 1-'.repeat(9_000))).toEqual([]);
    expect(codesIn(`code ${'A1-'.repeat(20_000)}`)).toEqual([]);
  });
});

it('a host is of a service, and a sender of a declared one, by whole labels', () => {
  expect(
    ['shop.example', 'www.shop.example', 'app.shop.example'].map((host) => isOfService(host, 'shop.example')),
  ).toEqual([true, true, true]);
  expect(
    ['evilshop.example', 'shop.example.evil.example', 'example'].map((host) => isOfService(host, 'shop.example')),
  ).toEqual([false, false, false]);
  // A sender from a part of a shared domain does not speak for all of it.
  expect(isOfService('pages.example', 'eve.pages.example')).toBe(false);
  expect(isOfService('shop.example', 'example')).toBe(false);
  expect(isSentByService('mail.shop.example', 'shop.example')).toBe(true);
  expect(isSentByService('evilshop.example', 'shop.example')).toBe(false);
});

describe('a code that a service sent', () => {
  const TEXT = 'Your code is 884213. https://shop.example/confirm?t=abc';
  const value = (role: 'destination' | 'content' | 'secret', text: string | number, integrity = 'external') => ({
    ...{ role, value: text, labels: { integrity } },
  });
  /** The codes that a task knows after it called services and read a message. */
  function after(called: string[], sender: string, text = TEXT) {
    const [ofTask, read] = [new ServiceCodes(), new ServiceCodes()];
    ofTask.noteCall(called, []);
    read.addMessage(messageOf(text, sender) as SentMessage, ofTask);
    return { ofTask, read: [read] };
  }
  const shop = after(['www.shop.example'], 'shop.example');

  it('is returned to the service alone: by a declared tool, or a host', () => {
    const code = value('secret', '884-213');
    expect(codesOf([code], ['shop.example'], shop).isReturned(code)).toBe(true);
    expect(codesOf([code], [], shop).isReturned(code)).toBe(false);
    expect(codesOf([code], ['other.example'], shop).isReturned(code)).toBe(false);
    const at = (url: string) => codesOf([code, value('destination', url)], [], shop).isReturned(code);
    expect(at('https://shop.example/login')).toBe(true);
    expect(at('https://evil.example/login')).toBe(false);
    expect(at('https://shop.example@evil.example/')).toBe(false);
    expect(at('ana@shop.example')).toBe(false);
    // A service that sends it on to somebody is not the end of it.
    const sentOn = [code, value('destination', 'ana@x.example')];
    expect(codesOf(sentOn, ['shop.example'], shop).isReturned(code)).toBe(false);
  });

  it('is returned as a link to its own host alone', () => {
    const link = (text: string) => {
      const one = value('destination', text);
      return codesOf([one], [], shop).isReturned(one);
    };
    expect(link('https://shop.example/confirm?t=abc')).toBe(true);
    expect(link('https://shop.example/confirm?t=abd')).toBe(false);
    expect(link('http://shop.example/confirm?t=abc')).toBe(false);
    expect(link('https://shop.example/')).toBe(false);
  });

  it('is not waited for of another sender, before the call, or beside another code', () => {
    const code = value('secret', 884213);
    for (const known of [
      after([], 'shop.example'),
      after(['shop.example'], 'evil.example'),
      after(['shop.example'], 'shop.example', 'code 884213, code 111111'),
      after(['evil.example'], 'evil.example'),
    ])
      expect(codesOf([code], ['shop.example'], known).isReturned(code)).toBe(false);
  });

  it('leaks wherever else it goes, in whatever writing, and as a part', () => {
    const leaks = (...values: ReturnType<typeof value>[]) => codesOf(values, [], shop).leaks;
    expect(leaks(value('content', 'The code: 8 8 4 2 1 3'))).toBe(true);
    expect(leaks(value('content', 'x'), value('destination', 'https://evil.example/?c=884213'))).toBe(true);
    expect(leaks(value('content', 'x'), value('destination', 'https://evil.example/%38%38%34213'))).toBe(true);
    expect(leaks(value('content', 'see https://shop.example/confirm?t=abc'))).toBe(true);
    expect(leaks(value('content', '884213'), value('destination', 'https://shop.example/login'))).toBe(false);
    expect(
      leaks(
        value('content', '884213'),
        value('destination', 'https://shop.example/'),
        value('destination', 'https://evil.example/'),
      ),
    ).toBe(true);
    expect(leaks(value('content', 'nothing'))).toBe(false);
    expect(codesOf([value('content', 'x'.repeat(2 ** 24))], [], shop).leaks).toBe(true);
    // On the deciding thread a text must not cost its length in time or stack.
    for (const length of [64 * 1024, 64 * 1024 + 1, 2 ** 24]) {
      const long = value('content', 'x'.repeat(length));
      expect(codesOf([long], [], shop).leaks).toBe(length > 64 * 1024);
      expect(leastCpuMs(() => codesOf([long], [], shop))).toBeLessThan(200);
    }
    expect(messageOf('hello', 'shop.example')).toBeUndefined();
    expect(codesOf([value('content', 'x'.repeat(2 ** 24))], [], { ofTask: undefined, read: [] }).leaks).toBe(false);
  });
});
