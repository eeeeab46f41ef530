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
    ['more than 1 MiB, without an end', 'x'.repeat(1024 * 1024 + 1), -32_600],
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

  it('are sent one by one', async () => {
    const { lines, sent } = connected();
    await lines.send({ a: '1\n2' });
    expect([lines.write('{}'), sent()]).toEqual([true, ['{"a":"1\\n2"}', '{}']]);
  });
});
