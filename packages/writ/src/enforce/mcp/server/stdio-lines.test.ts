import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { StdioLines } from './stdio-lines.js';

function connected() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const lines = new StdioLines(input, output);
  const received: unknown[] = [];
  const receive = (): void =>
    lines.receive({
      message: (message) => received.push(message.method),
      end: () => received.push('end'),
      error: (error) => received.push(error.message),
    });
  const sent = (): string[] =>
    String(output.read() ?? '')
      .split('\n')
      .filter((line) => line !== '');
  return { input, lines, received, receive, sent };
}
const line = (method: string): string => `${JSON.stringify({ jsonrpc: '2.0', method })}\n`;

describe('lines over stdio', () => {
  it('wait for a receiver, in their order', async () => {
    const { input, lines, received, receive } = connected();
    input.write(line('a') + line('b').slice(0, 5));
    expect(await lines.first).toMatchObject({ method: 'a' });
    receive();
    input.write(line('b').slice(5));
    input.write(`\n  \n${line('c')}`);
    await setImmediate();
    expect(received).toEqual(['a', 'b', 'c']);
  });

  it('that end before there is a message have no first one', async () => {
    const { input, lines, received, receive } = connected();
    input.end();
    expect(await lines.first).toBeUndefined();
    receive();
    expect(received).toEqual(['end']);
  });

  it('hold a character that came in two pieces', async () => {
    const { input, received, receive } = connected();
    receive();
    const bytes = Buffer.from(line('ä'));
    for (const byte of bytes) input.write(Buffer.from([byte]));
    await setImmediate();
    expect(received).toEqual(['ä']);
  });

  it.each<[string, string, number]>([
    ['no JSON', '{\n', -32_700],
    ['a member twice', '{"jsonrpc":"2.0","method":"a","method":"b"}\n', -32_700],
    ['a batch', `[${line('a').trim()}]\n`, -32_600],
    ['another version', '{"jsonrpc":"1.0","method":"a"}\n', -32_600],
    ['more than 1 MiB', `"${'x'.repeat(1024 * 1024)}"\n`, -32_600],
    ['more than 1 MiB, in pieces', 'x'.repeat(1024 * 1024 + 1), -32_600],
  ])('that are no message are answered, once, and go nowhere: %s', async (_what, text, code) => {
    const { input, received, receive, sent } = connected();
    receive();
    input.write(text);
    await setImmediate();
    input.write(text.endsWith('\n') ? line('b') : `\n${line('b')}`);
    await setImmediate();
    expect(received).toEqual(['b']);
    expect(sent().map((answer) => JSON.parse(answer))).toMatchObject([{ id: null, error: { code } }]);
  });

  it.each<[string, string]>([
    ['half of an emoji', '{"jsonrpc":"2.0","id":7,"method":"a","params":{"s":"\\ud83d"}}\n'],
    ['a member twice', '{"jsonrpc":"2.0","id":7,"method":"a","params":{"s":1,"s":2}}\n'],
    ['NUL', '{"jsonrpc":"2.0","id":7,"method":"a","params":{"s":"\\u0000"}}\n'],
    ['an integer past 2^53', '{"jsonrpc":"2.0","id":7,"method":"a","params":{"n":9007199254740993}}\n'],
    ['too many levels', `{"jsonrpc":"2.0","id":7,"method":"a","params":${'['.repeat(99)}${']'.repeat(99)}}\n`],
    ['no version', '{"id":7,"method":"a"}\n'],
    ['no end', '{"jsonrpc":"2.0","id":7,"method":"a"\n'],
    ['more than 1 MiB', `{"id":7,"method":"a","params":"${'x'.repeat(1024 * 1024)}"}\n`],
    ['more than 1 MiB and its id last', `{"method":"a","params":"${'x'.repeat(1024 * 1024)}","id":7}\n`],
  ])('that are refused are answered under their id: %s', async (_what, text) => {
    const { input, received, receive, sent } = connected();
    receive();
    for (let at = 0; at < text.length; at += 65_536) input.write(text.slice(at, at + 65_536));
    input.write(line('b'));
    await setImmediate();
    expect(received).toEqual(['b']);
    expect(sent().map((answer) => JSON.parse(answer))).toMatchObject([{ id: 7, error: {} }]);
  });

  it('are sent one by one', async () => {
    const { lines, sent } = connected();
    await lines.send({ a: '1\n2' });
    expect([lines.write('{}'), sent()]).toEqual([true, ['{"a":"1\\n2"}', '{}']]);
  });
});
