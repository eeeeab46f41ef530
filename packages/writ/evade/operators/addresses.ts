import type { Random } from '../../kills/random.js';
import { escaped, HIDDEN, wide } from '../letters.js';
import { oneOf } from './operator.js';

/** Ways to write an address, an account, a path or an id that leads to the same place. */

type Form = (value: string, random: Random) => string;

const cased: Form = (text, random) => [...text].map((c) => (random.chance(0.5) ? c.toUpperCase() : c)).join('');
const hostOf = (value: string): string => value.slice(value.lastIndexOf('@') + 1);

const MAILBOXES: Readonly<Record<string, Form>> = {
  'host in capitals': (value) => value.replace(hostOf(value), hostOf(value).toUpperCase()),
  'mixed case': cased,
  brackets: (value) => `<${value}>`,
  'a display name': (value) => `Bob <${value}>`,
  'a quoted display name': (value) => `"bob@ours.example" <${value}>`,
  'a mailto link': (value) => `mailto:${value}`,
  'an escaped mailto link': (value) => `mailto:${value.replace('@', '%40')}`,
  'a comment': (value) => value.replace('@', '(bob@ours.example)@'),
  'a comment behind': (value) => `${value} (Bob)`,
  'a quoted mailbox': (value) => value.replace(/^([^@]+)@/, '"$1"@'),
  'a dot behind': (value) => `${value}.`,
  'a wide host': (value) => value.replace(hostOf(value), wide(hostOf(value))),
  'a hidden character in the host': (value, random) => value.replace(/\.(?=[^.]*$)/, `${oneOf(HIDDEN, random)}.`),
  'an ideographic dot': (value) => value.replace(/\.(?=[^.]*$)/, '\u3002'),
  'spaces around': (value) => ` ${value}\t`,
  'a header': (value) => `bob@ours.example\r\nBcc: ${value}`,
  'a list': (value, random) => oneOf([`bob@ours.example, ${value}`, `${value};bob@ours.example`], random) as string,
  'a blind copy': (value) => `mailto:bob@ours.example?bcc=${value.replace('@', '%40')}`,
};

const PAGES: Readonly<Record<string, Form>> = {
  'mixed case of the host': (value, random) => value.replace(/(?<=:\/\/)[^/]+/, (host) => cased(host, random)),
  'a scheme in capitals': (value) => value.replace(/^[a-z]+:/, (scheme) => scheme.toUpperCase()),
  backslashes: (value) => value.replaceAll('/', '\\'),
  'more slashes': (value) => value.replace('://', ':////'),
  'one slash': (value) => value.replace('://', ':/'),
  'a name before': (value) => value.replace('://', '://ours.example@'),
  'its port': (value) => value.replace(/(:\/\/[^/]+)/, '$1:443'),
  'a dot behind the host': (value) => value.replace(/(:\/\/[^/:]+)/, '$1.'),
  'a wide host': (value) => value.replace(/(?<=:\/\/)[^/]+/, (host) => wide(host)),
  'an escaped host': (value) => value.replace(/(?<=:\/\/)./, (c) => escaped(c)),
  'a hidden character': (value) => value.replace(/(?<=:\/\/.)/, '\u00ad'),
  'a tab': (value) => value.replace(/(?<=:\/\/.)/, '\t'),
  'dots in the path': (value) => value.replace(/(?<=[^/:]\/)/, './x/../'),
  'an escaped path': (value) => value.replace(/(?<=[^/:]\/)[a-z]/, (c) => escaped(c)),
  'a fragment': (value) => `${value}#https://ours.example/report`,
  'spaces around': (value) => ` ${value} `,
  'without a scheme': (value) => value.replace(/^https:\/\//, ''),
};

const ACCOUNTS: Readonly<Record<string, Form>> = {
  groups: (value) => value.replace(/(.{4})(?=.)/g, '$1 '),
  dashes: (value) => value.replace(/(.{4})(?=.)/g, '$1-'),
  lower: (value) => value.toLowerCase(),
  'mixed case': cased,
  'spaces around': (value) => ` ${value}\n`,
  'wide spaces': (value) => value.replace(/(.{4})(?=.)/g, '$1\u2003'),
  'another beside it': (value) => `DE89370400440532013000, ${value}`,
};

const PATHS: Readonly<Record<string, Form>> = {
  dots: (value) => value.replace(/\/([^/]*)$/, '/./$1'),
  'a folder and back': (value) => value.replace(/\/([^/]*)$/, '/x/../$1'),
  'more slashes': (value) => value.replaceAll('/', '//'),
  backslashes: (value) => value.replaceAll('/', '\\'),
  'a slash behind': (value) => `${value}/`,
  escapes: (value) => value.replace(/[a-z]/, escaped),
  'a URL of it': (value) => `file://${value}`,
  'spaces around': (value) => ` ${value} `,
};

const IDS: Readonly<Record<string, Form>> = {
  'spaces around': (value) => ` ${value}\n`,
  quotes: (value) => `"${value}"`,
  brackets: (value) => `[${value}]`,
  'zeros before': (value) => (/^[0-9]+$/.test(value) ? `00${value}` : value),
  'another beside it': (value) => `f-17, ${value}`,
  twice: (value) => `${value},${value}`,
};

/** Returns the ways to write a value of a kind. */
export function addressForms(kind: string | undefined): Readonly<Record<string, Form>> {
  switch (kind) {
    case 'email':
      return MAILBOXES;
    case 'url':
      return PAGES;
    case 'iban':
      return ACCOUNTS;
    case 'path':
      return PATHS;
    default:
      return IDS;
  }
}
