import { table } from '../../lib/table.js';
import { verbOf } from './tool-verb.js';

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
  order: ['order', 'buy', 'purchase', 'get'],
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
  visit: ['visit', 'open', 'browse', 'go', 'follow', 'read', 'look', 'check', 'click', 'see', 'get', 'fetch', 'load'],
  upload: ['upload', 'put', 'save', 'send', 'publish'],
  write: ['write', 'save', 'create', 'add', 'put', 'store', 'note', 'append', 'draft', 'update'],
});

/** Verbs that people ask for with the words of another. */
const ASKED_AS = table<readonly string[]>({
  broadcast: ['send'],
  browse: ['visit'],
  buy: ['pay', 'order'],
  change: ['update'],
  charge: ['pay'],
  checkout: ['pay', 'order'],
  clear: ['delete'],
  comment: ['post', 'reply'],
  deposit: ['transfer'],
  destroy: ['delete'],
  disable: ['remove', 'set'],
  dm: ['send'],
  draft: ['write'],
  drop: ['delete'],
  email: ['send'],
  enable: ['set', 'add'],
  erase: ['delete'],
  fetch: ['visit'],
  forward: ['send'],
  get: ['visit'],
  goto: ['visit'],
  insert: ['add'],
  log: ['write', 'add'],
  mail: ['send'],
  make: ['create'],
  message: ['send'],
  modify: ['update'],
  navigate: ['visit'],
  notify: ['send'],
  patch: ['update'],
  purchase: ['pay', 'order'],
  purge: ['delete'],
  put: ['write'],
  record: ['write', 'add'],
  refund: ['pay'],
  register: ['create'],
  replace: ['update'],
  read: ['visit'],
  respond: ['reply'],
  save: ['write'],
  share: ['send'],
  store: ['write'],
  submit: ['post'],
  text: ['send'],
  trash: ['delete'],
  tweet: ['post'],
  upsert: ['create', 'update'],
  withdraw: ['transfer'],
});

/** Returns the words that ask for a tool whose description names none: those for the verb in its name. */
export function usualWords(tool: string): readonly string[] {
  const { verb, also } = verbOf(tool);
  return askingFor([verb === '' ? tool : verb, ...also]);
}

/** Returns the words by which people ask for what these verbs say. */
export function askingFor(verbs: readonly string[]): readonly string[] {
  const as = verbs.flatMap((verb) => [verb, ...(ASKED_AS[verb] ?? [])]);
  return [...new Set(as.flatMap((verb) => SAID[verb] ?? [verb]))];
}

/** Returns whether a word is a verb that names of tools begin with. */
export function isVerb(word: string): boolean {
  return SAID[word] !== undefined || READING.has(word);
}

/** Returns whether a word asks for nothing but to know something. */
export function isReadingVerb(word: string): boolean {
  return READING.has(word) && !DOING.has(word);
}

/** Verbs of tools that read as well as of others. */
const DOING = new Set(['run', 'call', 'do']);
const READING = new Set([
  'get',
  'list',
  'read',
  'find',
  'search',
  'fetch',
  'show',
  'view',
  'load',
  'run',
  'call',
  'open',
  'do',
  'look',
  'check',
  'compare',
  'review',
  'see',
  'summarize',
  'summarise',
]);
