import { describe, expect, it } from 'vitest';
import type { AccessTask } from './access-task.js';
import { deliveriesOf } from './notices.js';

const task = {
  id: 'arq_1',
  template: 'refund',
  path: [
    { type: 'User', id: 'ana' },
    { type: 'Agent', id: 'bot' },
  ],
  items: [
    {
      decision: 'd-1',
      action: { name: 'refund' },
      resource: { type: 'Order', id: '1' },
      policies: [{ policy: 'cap', reason: 'more than the limit' }, { policy: 'hours' }],
      binding: 'b',
      status: 'pending',
    },
  ],
  isBulk: false,
  requested: {},
  expiresAt: '2026-01-01T11:00:00Z',
  step: 0,
  justification: 'broken twice',
} as unknown as AccessTask;
const settings = {
  channels: {
    post: { to: 'mail' as const, server: 's', from: 'writ@shop.example', address: 'email' },
    hook: { to: 'webhook' as const, url: 'https://hook.example/', secret: 's' },
  },
  base: 'https://writ.example',
  linkFor: (uid: string) => `https://writ.example/approve/${uid}`,
};
const people = [
  { uid: 'User::"lena"', address: 'lena@shop.example' },
  { uid: 'User::"max"', address: undefined },
];
const bodies = (notice: Parameters<typeof deliveriesOf>[0]) =>
  deliveriesOf(notice, settings).map(({ channel, address, body }) => ({ channel, address, body: JSON.parse(body) }));

describe('a notice to those that are asked', () => {
  it('is a mail of their own to each that has an address', () => {
    const [mail, ...more] = bodies({ about: 'asked', task, people, channels: ['post'] });
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ channel: 'post', address: 'lena@shop.example' });
    expect(mail?.body.subject).toBe('Approval asked: refund on Order::"1"');
    expect(mail?.body.text.split('\n')).toEqual([
      'Agent::"bot" asks for refund on Order::"1", for User::"ana".',
      '',
      'They say: broken twice',
      '',
      'Stopped by cap: more than the limit',
      'Stopped by hours',
      '',
      'See the whole request, and decide:',
      'https://writ.example/approve/User::"lena"',
      '',
      'The link is for you alone. It is valid until 2026-01-01T11:00:00Z; the request is then denied.',
    ]);
  });

  it('says when nobody has answered before', () => {
    const [mail] = bodies({ about: 'escalated', task, people, channels: ['post'] });
    expect(mail?.body.text).toContain('The people asked before have not answered.');
  });

  it('is one webhook, which names them', () => {
    expect(bodies({ about: 'asked', task, people, channels: ['hook'] })).toMatchObject([
      {
        channel: 'hook',
        address: 'https://hook.example/',
        body: {
          event: 'access.asked',
          asked: ['User::"lena"', 'User::"max"'],
          review: 'https://writ.example/v1/access-requests/arq_1',
          request: 'arq_1',
          path: ['User::"ana"', 'Agent::"bot"'],
          items: [{ action: 'refund', resource: 'Order::"1"', decision: 'd-1', status: 'pending' }],
        },
      },
    ]);
  });

  it('is nothing by a channel that the bundle has no more', () => {
    expect(bodies({ about: 'asked', task, people, channels: ['gone'] })).toEqual([]);
  });
});

it('an alarm goes to webhooks, and to nobody by mail', () => {
  const sent = bodies({
    about: 'alarm',
    task: { ...task, requested: { emergency: true } },
    channels: ['post', 'hook'],
  });
  expect(sent).toMatchObject([{ channel: 'hook', body: { event: 'access.alarm', asked: [], emergency: true } }]);
});

describe('the end', () => {
  const callback = { endpoint: 'https://caller.example/done', state: { step: 3 } };
  it.each<[what: string, callback: AccessTask['callback'], sent: number]>([
    ['nobody who did not ask for it', undefined, 0],
    ['the requester', callback, 1],
    ['the requester, of an event that they named', { ...callback, events: ['pending'] }, 1],
    ['nobody, of an event that they did not name', { ...callback, events: ['approved'] }, 0],
  ])('notifies %s', (_what, asked, sent) => {
    const { callback: _before, ...rest } = task;
    const given = asked === undefined ? rest : { ...rest, callback: asked };
    const deliveries = bodies({ about: 'ended', task: given });
    expect(deliveries).toHaveLength(sent);
    for (const one of deliveries)
      expect(one).toMatchObject({
        channel: 'callback',
        address: callback.endpoint,
        body: { state: { step: 3 }, task: { id: 'arq_1', status: 'pending' } },
      });
  });
});
