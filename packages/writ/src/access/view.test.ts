import { expect, it } from 'vitest';
import type { AccessItem, AccessTask } from './access-task.js';
import { requestView } from './view.js';

const BASE = 'https://writ.example';
const AT = `${BASE}/access/v1/requests/arq_1`;
const approval = { id: 'apr_1', approvedAt: '2026-01-01T10:05:00Z', approvedUntil: '2026-01-01T10:20:00Z' };
const result = {
  mode: 'reevaluate',
  approval: { id: 'apr_1', approved_at: approval.approvedAt, approved_until: approval.approvedUntil },
};
const order = { action: { name: 'refund' }, resource: { type: 'Order', id: '1' } };

const item = (status: AccessItem['status']): AccessItem => ({
  ...order,
  decision: 'd-1',
  policies: [],
  binding: 'b',
  status,
  ...(status === 'approved' ? { approval } : {}),
});
const task = (isBulk: boolean, ...statuses: AccessItem['status'][]) =>
  ({ id: 'arq_1', isBulk, items: statuses.map(item), expiresAt: '2026-01-01T11:00:00Z' }) as unknown as AccessTask;
const base = (status: string) => ({ id: 'arq_1', status, status_endpoint: AT });
const open = { expires_at: '2026-01-01T11:00:00Z', links: { cancel: `${AT}/cancel` } };

it.each<[what: string, task: AccessTask, view: object]>([
  ['a pending one can be cancelled', task(false, 'pending'), { task: { ...base('pending'), ...open } }],
  ['an approved one has its approval', task(false, 'approved'), { task: base('approved'), result }],
  ['a denied one has none', task(false, 'denied'), { task: base('denied') }],
  [
    'one of many has a result an item',
    task(true, 'approved', 'denied'),
    {
      task: {
        ...base('partial'),
        items: [
          { ...order, status: 'approved', result },
          { ...order, status: 'denied' },
        ],
      },
    },
  ],
  [
    'one of many that is pending has both',
    task(true, 'approved', 'pending'),
    {
      task: {
        ...base('pending'),
        ...open,
        items: [
          { ...order, status: 'approved', result },
          { ...order, status: 'pending' },
        ],
      },
    },
  ],
])('%s', (_what, given, view) => {
  expect(requestView(given, BASE)).toEqual(view);
});
