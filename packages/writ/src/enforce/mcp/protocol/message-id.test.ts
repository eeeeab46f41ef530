import { describe, expect, it } from 'vitest';
import { MessageId } from './message-id.js';

const idIn = (...pieces: string[]): string | undefined => {
  const id = new MessageId();
  for (const piece of pieces) id.take(piece);
  return id.text;
};
const LONG = `{"jsonrpc":"2.0","method":"a","params":{"id":8,"s":"${'x'.repeat(100_000)}`;

describe('the id of a message that is refused', () => {
  it.each<[string, string[], string | undefined]>([
    ['is a number', ['{"id":7,"method":"a"}'], '7'],
    ['is a text', ['{"method":"a","id":"a\\"b\\u00e9"}'], '"a\\"b\\u00e9"'],
    ['has spaces around it', ['{ "id" : 7 , "method":"a"}'], '7'],
    ['is past 2^53', ['{"id":12345678901234567890,"method":"a"}'], '12345678901234567890'],
    ['has half of an emoji', ['{"id":"\\ud83d","method":"a"}'], '"\\ud83d"'],
    ['has an escaped name', ['{"\\u0069d":7,"method":"a"}'], '7'],
    ['is in the beginning of a message', ['{"id":7,"method":"a","params":{"s":"xxx'], '7'],
    ['comes last', [LONG, 'x'.repeat(100), '"},"id":7}'], '7'],
    ['comes in pieces', [...'{"method":"a","params":[{"id":3}],"id":"abc"}'], '"abc"'],
    ['is given twice alike', ['{"id":7,"id":7,"method":"a"}'], '7'],
    ['is given twice', ['{"id":7,"id":8,"method":"a"}'], undefined],
    ['is null', ['{"id":null,"method":"a"}'], undefined],
    ['is an object', ['{"id":{"id":7},"method":"a"}'], undefined],
    ['is in the parameters alone', ['{"method":"a","params":{"id":7}}'], undefined],
    ['is in a batch', ['[{"id":7,"method":"a"}]'], undefined],
    ['is that of an answer', ['{"id":7,"result":{"s":"\\ud83d"}}'], undefined],
    ['is not complete', ['{"method":"a","id":7'], undefined],
    ['is longer than an id is', [`{"method":"a","id":"${'x'.repeat(2_000)}"}`], undefined],
    ['is not there', ['}{]', '"', '\\'], undefined],
  ])('%s', (_what, pieces, id) => {
    expect(idIn(...pieces)).toBe(id);
  });
});
