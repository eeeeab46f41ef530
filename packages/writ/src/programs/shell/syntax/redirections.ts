import type { HereDoc, Redirection } from 'unbash';
import type { Effects } from '../effects/effects.js';
import type { Directories } from '../effects/paths.js';
import { NotUnderstood } from '../not-understood.js';
import type { Input } from '../programs/call.js';
import { unknown } from './arg.js';
import type { Words } from './words.js';

const NETWORK = /^\/dev\/(?:tcp|udp)\//;
/** Characters for which it matters that bash expands the word behind `>&` a second time: the commands in it run. */
const SPECIAL = /[$`\\"'*?[\]{}~!<>()&|;]/;
const MAY_BE_NETWORK = '/dev/tcp/';
const UNKNOWN_INPUT: Input = { from: 'unknown' };

/** Records what redirections read, write and reach; returns the input that they give, if they do. */
export function readRedirections(
  redirections: readonly Redirection[],
  {
    words,
    effects,
    directories,
    isHere,
  }: { words: Words; effects: Effects; directories: Directories; isHere: boolean },
): Input | undefined {
  let input: Input | undefined;
  for (const redirection of redirections) {
    const { descriptor } = redirection;
    const isInput = descriptor === undefined || (descriptor.type === 'FileDescriptor' && descriptor.value === 0);
    if (redirection.type === 'HereDoc') {
      if (isInput) input = bodyOf(redirection);
      continue;
    }
    const target =
      redirection.target === undefined ? unknown('', true, redirection.pos) : words.one(redirection.target);
    if (redirection.type === 'HereString') {
      if (isInput) input = target.value === undefined ? UNKNOWN_INPUT : { from: 'text', text: `${target.value}\n` };
      continue;
    }
    const { operator } = redirection;
    if (operator.startsWith('<') && isInput)
      input = operator === '<' && target.value === '/dev/null' ? { from: 'text', text: '' } : UNKNOWN_INPUT;
    // A digit behind `>&` is a stream that is open.
    if (operator.endsWith('&') && /^(?:\d+-?|-)$/.test(target.value ?? '')) continue;
    if (operator.endsWith('&') && SPECIAL.test(target.value ?? target.base?.rest ?? '$'))
      throw new NotUnderstood(
        'expansion',
        redirection.target?.text ?? '',
        redirection.pos,
        'bash expands this word twice',
      );
    if (target.pipe === true) continue;
    const text = target.value ?? target.lead;
    if (NETWORK.test(text)) {
      const [, , , host, port] = text.split('/');
      effects.hostNamed(target.value === undefined && port === undefined ? undefined : host);
      continue;
    }
    if (
      target.value === undefined &&
      target.base === undefined &&
      (MAY_BE_NETWORK.startsWith(text) || text.startsWith('/dev/'))
    )
      effects.hostNamed(undefined);
    if (!isHere) continue;
    if (operator.includes('<')) effects.path('reads', target, directories);
    if (operator.includes('>')) effects.path('writes', target, directories);
  }
  return input;
}

/** Returns the body of a here document, if the shell changes nothing in it. */
function bodyOf({ body, delimiter, operator }: HereDoc): Input {
  const isLiteral = delimiter?.quoted === true || (body.parts === undefined && !/[\\$`]/.test(body.text));
  if (!isLiteral) return UNKNOWN_INPUT;
  return { from: 'text', text: operator === '<<-' ? body.text.replace(/^\t+/gm, '') : body.text };
}
