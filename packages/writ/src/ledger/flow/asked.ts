import { table } from '../../lib/table.js';

/**
 * Whether a prompt asks for something of the kind that a tool does. It compares stems of words; it is no proof of anything, and
 * only ever spares a question: nothing is permitted because a word was said.
 */

/** The words that people use for the verbs in the names of tools. */
const SAID = table<readonly string[]>({
  add: ['add', 'include', 'insert', 'put', 'join', 'give', 'invite', 'append'],
  append: ['append', 'add', 'write', 'extend', 'update'],
  book: ['book', 'reserve', 'schedule'],
  cancel: ['cancel', 'delete', 'remove', 'drop'],
  create: [
    'create',
    'make',
    'add',
    'write',
    'set',
    'schedule',
    'plan',
    'remind',
    'save',
    'open',
    'draft',
    'generate',
    'book',
  ],
  delete: ['delete', 'remove', 'erase', 'drop', 'clear', 'clean', 'trash', 'discard'],
  edit: ['edit', 'change', 'update', 'modify', 'correct', 'fix', 'replace'],
  invite: ['invite', 'add', 'join', 'ask'],
  move: ['move', 'rename', 'transfer', 'put', 'shift'],
  pay: ['pay', 'send', 'transfer', 'settle', 'refund', 'bill', 'buy', 'invoice', 'rent'],
  post: ['post', 'publish', 'share', 'write', 'send', 'upload', 'submit'],
  publish: ['publish', 'post', 'release', 'share'],
  remove: ['remove', 'delete', 'kick', 'drop', 'exclude', 'take', 'cancel'],
  rename: ['rename', 'move', 'change', 'call'],
  reply: ['reply', 'answer', 'respond', 'write', 'send', 'tell'],
  reschedule: ['reschedule', 'move', 'shift', 'postpone', 'change', 'delay', 'push'],
  reserve: ['reserve', 'book', 'reservation', 'rent', 'booking'],
  schedule: ['schedule', 'plan', 'arrange', 'set', 'recurring', 'monthly', 'weekly', 'pay', 'book', 'standing'],
  send: [
    'send',
    'mail',
    'email',
    'message',
    'write',
    'tell',
    'reply',
    'answer',
    'forward',
    'share',
    'notify',
    'inform',
    'post',
    'say',
    'ask',
    'remind',
    'thank',
    'transfer',
    'pay',
    'refund',
    'text',
    'invite',
    'respond',
    'contact',
    'let',
    'dm',
  ],
  set: ['set', 'change', 'update', 'make', 'configure', 'put'],
  share: ['share', 'give', 'access', 'send', 'invite'],
  transfer: ['transfer', 'send', 'pay', 'move', 'refund'],
  update: [
    'update',
    'change',
    'edit',
    'modify',
    'adjust',
    'correct',
    'set',
    'move',
    'moving',
    'moved',
    'increase',
    'reduce',
    'switch',
    'replace',
    'rename',
    'fix',
  ],
  upload: ['upload', 'put', 'save', 'send', 'publish'],
  write: ['write', 'save', 'create', 'add', 'put', 'store', 'note', 'append', 'draft', 'update'],
});

/** Returns the words that ask for a tool whose description names none: those for the verb that its name begins with. */
export function usualWords(tool: string): readonly string[] {
  const [verb = tool] = tool
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  return SAID[verb] ?? [verb];
}
