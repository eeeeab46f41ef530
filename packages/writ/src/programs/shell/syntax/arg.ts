/** A word of a command after expansion, as far as the text says it. */
export interface Arg {
  /** The whole word; undefined if a part of it is unknown. */
  readonly value: string | undefined;
  /** The literal text before the first unknown part. */
  readonly lead: string;
  /** The word may become no word, or several. */
  readonly many: boolean;
  /** Only patterns are unknown: the word with them. */
  readonly pattern?: string;
  /** The word is a path below the home (`~`) or the current directory (`.`), with the rest of the path. */
  readonly base?: { readonly dir: '~' | '.'; readonly rest: string };
  /** The word is what the shell makes of `<( )` or `>( )`. */
  readonly pipe?: true;
  /** The word begins with a number that the shell computes. */
  readonly isNumber?: true;
  readonly pos: number;
}

export function literal(value: string, pos: number): Arg {
  return { value, lead: value, many: false, pos };
}

export function unknown(lead: string, many: boolean, pos: number): Arg {
  return { value: undefined, lead, many, pos };
}

/** Returns the rest of a word, from an offset on that is within what the text says of it. */
export function restOf(arg: Arg, from: number): Arg {
  const { value, lead, many, pattern, pos } = arg;
  const lessened = { value: value?.slice(from), lead: lead.slice(from), many, pos };
  if (pattern !== undefined) return { ...lessened, pattern: pattern.slice(from) };
  // The tilde of `a=~/b` is expanded, and that of `--a=~/b` is not; to read both as unknown is safe.
  return value?.slice(from).startsWith('~') === true ? unknown('', many, pos) : lessened;
}

/** Whether the word can be an option that the text does not say. */
export const mayBeOption = ({ value, lead, base, pipe, isNumber }: Arg): boolean =>
  value === undefined &&
  base === undefined &&
  pipe === undefined &&
  isNumber === undefined &&
  (lead === '' || lead.startsWith('-'));
