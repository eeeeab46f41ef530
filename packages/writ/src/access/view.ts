import { type AccessItem, type AccessTask, statusOf } from './access-task.js';

/** Returns a task as the profile has it ("Access Request Response"), for the enforcement point that asked. */
export function requestView(task: AccessTask, base: string, unapprovable?: string) {
  const status = statusOf(task);
  const at = `${base}/access/v1/requests/${task.id}`;
  const [first] = task.items;
  const shown = {
    id: task.id,
    status,
    status_endpoint: at,
    ...(status === 'pending' ? { expires_at: task.expiresAt, links: { cancel: `${at}/cancel` } } : {}),
    ...(unapprovable === undefined ? {} : { unapprovable }),
    ...(task.isBulk ? { items: task.items.map(itemView) } : {}),
  };
  const result = task.isBulk || first === undefined ? undefined : resultOf(first);
  return { task: shown, ...(result === undefined ? {} : { result }) };
}

function itemView(item: AccessItem) {
  const result = resultOf(item);
  const { resource, action, status } = item;
  return { resource, action, status, ...(result === undefined ? {} : { result }) };
}

/** Returns the `context.approval` with which an approved denial is asked again. */
function resultOf({ approval }: AccessItem) {
  if (approval === undefined) return undefined;
  const { id, approvedAt, approvedUntil } = approval;
  return { mode: 'reevaluate', approval: { id, approved_at: approvedAt, approved_until: approvedUntil } };
}
