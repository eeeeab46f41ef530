import { table } from '../../lib/table.js';

/** A kind of value that its form shows. */
export type Shape = 'email' | 'web' | 'account' | 'phone' | 'card' | 'path';

/** The shapes that a declared kind stands for, by the names that authors use. */
const SHAPES = table<Shape>({
  ...named('email', 'email e-mail mail email_address mailbox'),
  ...named('web', 'url uri link host hostname domain ip address_url website'),
  ...named('account', 'iban account bank_account account_number'),
  ...named('phone', 'phone tel telephone phone_number msisdn'),
  ...named('card', 'card card_number credit_card pan'),
  ...named('path', 'path file filename file_name file_path folder directory'),
});

function named(shape: Shape, kinds: string): Record<string, Shape> {
  return Object.fromEntries(kinds.split(' ').map((kind) => [kind, shape]));
}

/** Returns the shape of the values of a declared kind; undefined for a kind without a shape of its own. */
export function shapeOfKind(kind: string): Shape | undefined {
  return SHAPES[kind.toLowerCase()];
}

/** Characters that no eye sees: they hide an address. */
const HIDDEN = /\p{Default_Ignorable_Code_Point}|\p{Cc}/gu;
const MAIL = /[^\s@<>]@[^\s@<>]/;
const FORMS_OF_WEB =
  /^(?:[a-z][a-z0-9+.-]{0,20}:[\\/]{1,}|(?:https?|ftp|wss?|mailto|tel|data|javascript|vbscript|blob):|[\\/]{2}[^\s\\/]|www\.|\[[0-9a-f:.]+\]|localhost\b)/i;
const HOST = /^(?:[\p{L}\p{N}_-]{1,63}\.){1,8}(?:\p{L}{2,63}|xn--[a-z0-9-]{1,59})\.?(?::[0-9]{1,5})?(?:[/?#\\].*)?$/su;
const IPV4 = /^(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]{1,5})?(?:[/?#\\].*)?$/s;
const IBAN = /^[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){10,31}$/i;
const PATH_START = /^(?:[\\/]|\.{1,2}[\\/]|~[\\/]?|[a-z]:[\\/]|file:)/i;
const FILE_NAME = /\.[a-z][a-z0-9]{0,5}$/i;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}/;
/** A longer value is no address, and is not looked at. */
const MAX_LENGTH = 4_096;

/** Returns the shapes that a value has; none for most, and two for `report.txt`, which can be a file and a host. */
export function shapesOf(value: string | number): readonly Shape[] {
  if (typeof value === 'number') return NO_SHAPES;
  if (value.length > MAX_LENGTH || SIMPLE.test(value)) return NO_SHAPES;
  const text = value.normalize('NFKC').replace(HIDDEN, '').trim();
  const shapes: Shape[] = [];
  if (MAIL.test(text)) shapes.push('email');
  if (FORMS_OF_WEB.test(text) || HOST.test(text) || IPV4.test(text)) shapes.push('web');
  if (IBAN.test(text)) shapes.push('account');
  if (isPhone(text)) shapes.push('phone');
  if (isCard(text)) shapes.push('card');
  if (PATH_START.test(text) || FILE_NAME.test(text)) shapes.push('path');
  return shapes;
}

const NO_SHAPES: readonly Shape[] = [];
/** Most identifiers and names: no shape has this form, but for digits alone. */
const SIMPLE = /^(?=.*[a-z_])(?!localhost|[a-z]{2}[0-9]{2}[a-z0-9 -]{10})(?:[a-z0-9_ -]{1,64})$/i;

function isPhone(text: string): boolean {
  const digits = text.replace(/[^0-9]/g, '').length;
  if (/^(?:tel:)?\+[0-9][0-9 ()./-]{5,}$/i.test(text)) return digits <= 15;
  return digits >= 9 && digits <= 15 && /^[0-9(][0-9() -]*[ ()-][0-9() -]*$/.test(text) && !DATE.test(text);
}

/** Returns whether a text is 13 to 19 digits with the check digit of ISO/IEC 7812-1. */
function isCard(text: string): boolean {
  if (!/^[0-9](?:[ -]?[0-9]){12,18}$/.test(text)) return false;
  const digits = [...text.replace(/[ -]/g, '')].reverse().map(Number);
  const sum = digits.reduce((so, digit, i) => so + (i % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0)), 0);
  return sum % 10 === 0;
}

/** A name of letters alone, or a text of several words. */
const NAME = /^[\p{L}\p{M}'’]+$|\s/u;
const MAILBOX = /^([^\s@]+)@([^\s@]+)$/;
const WITH_SCHEME = /^([a-z][a-z0-9+.-]{0,20}):\/\/([^/?#\\]*)(.*)$/is;
const WWW = /^(www\.[^/?#\\]*)(.*)$/is;

/**
 * Returns the form that two texts share only if they are one value: case counts, but not in names of people, in hosts and in account
 * numbers; the characters are those of the text (NFC), and not others that look alike.
 */
export function exactForm(value: string): string {
  const text = value.normalize('NFC').replace(/\s+/g, ' ').trim();
  const shapes = shapesOf(text);
  if (shapes.length === 0) return NAME.test(text) ? text.toLowerCase() : text;
  if (shapes.includes('account') || shapes.includes('card')) return text.replace(/[ -]/g, '').toUpperCase();
  if (shapes.includes('phone')) return text.replace(/[ ()./-]/g, '');
  const mailbox = MAILBOX.exec(text);
  if (mailbox !== null) return `${mailbox[1]}@${(mailbox[2] as string).toLowerCase()}`;
  const address = WITH_SCHEME.exec(text);
  if (address !== null)
    return `${(address[1] as string).toLowerCase()}://${hostForm(address[2] as string)}${address[3] === '/' ? '' : address[3]}`;
  const www = WWW.exec(text);
  return www === null ? text : `${(www[1] as string).toLowerCase()}${www[2] === '/' ? '' : www[2]}`;
}

/** The part before an `@` names nobody's host. */
function hostForm(authority: string): string {
  const at = authority.lastIndexOf('@') + 1;
  return authority.slice(0, at) + authority.slice(at).toLowerCase();
}

/**
 * Returns whether a value is one that was said before. A host in letters of mixed case is used as it was said, or not at all: it could
 * say something by them.
 */
export function isUsedAs(value: string | number, said: string | number): boolean {
  if (!isSameValue(value, said)) return false;
  if (value === said || typeof value !== 'string' || typeof said !== 'string') return true;
  const host = hostIn(value);
  return host === undefined || host === hostIn(said) || host.split('.').every(isPlainlyCased);
}

function hostIn(value: string): string | undefined {
  const text = value.trim();
  return MAILBOX.exec(text)?.[2] ?? WITH_SCHEME.exec(text)?.[2] ?? WWW.exec(text)?.[1];
}

function isPlainlyCased(label: string): boolean {
  const lower = label.toLowerCase();
  return label === lower || label === label.toUpperCase() || label.slice(1) === lower.slice(1);
}

/** Returns whether two values are one: numbers by their amount, texts by their {@link exactForm}. */
function isSameValue(a: string | number, b: string | number): boolean {
  if (a === b) return true;
  return typeof a === 'string' && typeof b === 'string' && exactForm(a) === exactForm(b);
}
