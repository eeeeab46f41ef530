import { describe, expect, it } from 'vitest';
import { askForJustification, JUSTIFICATION, justificationIn } from './justification.js';

const CAN = { elicitation: { form: {} } };
const answer = (action: string, content?: object) => ({ [JUSTIFICATION]: { action, ...(content && { content }) } });

describe('the justification of a call', () => {
  it.each<[string, Record<string, unknown> | undefined, object | undefined, unknown]>([
    ['was not asked for', undefined, CAN, 'none'],
    ['cannot be asked for', undefined, {}, undefined],
    ['cannot be asked for, of a client that says nothing', undefined, undefined, undefined],
    ['is what the user said', answer('accept', { reason: 'a refund' }), CAN, { said: 'a refund' }],
    ['is cut', answer('accept', { reason: 'x'.repeat(3_000) }), CAN, { said: 'x'.repeat(2_000) }],
    ['is declined', answer('decline'), CAN, 'declined'],
    ['is declined by who cancels', answer('cancel'), CAN, 'declined'],
    ['is declined by who says nothing', answer('accept', { reason: ' ' }), CAN, 'declined'],
    ['is declined by who says no text', answer('accept', { reason: 7 }), CAN, 'declined'],
    ['is none of the answers to a server', { other: { action: 'accept', content: { reason: 'x' } } }, CAN, 'none'],
  ])('%s', (_what, responses, capabilities, expected) => {
    expect(justificationIn(responses, capabilities)).toEqual(expected);
  });

  it('is asked for under a name of our own, with why', () => {
    const asked = askForJustification('pay', 'over 500.00');
    expect(asked).toMatchObject({ resultType: 'input_required', inputRequests: { [JUSTIFICATION]: {} } });
    expect(JSON.stringify(asked)).toContain('pay needs somebody');
    expect(JSON.stringify(asked)).toContain('over 500.00');
  });
});
