import { type Arg, mayBeOption, restOf } from '../syntax/arg.js';

/** The options of a program: a letter stands for a short one, `=` behind a name for a value, `?` for one only if attached. */
export type Grammar = ReadonlyMap<string, 'flag' | 'value' | 'attached'>;

export function grammar(text: string): Grammar {
  const names = text.split(/\s+/).filter((name) => name !== '');
  return new Map(
    names.map((name) => {
      if (name.endsWith('=')) return [name.slice(0, -1), 'value'];
      return name.endsWith('?') ? [name.slice(0, -1), 'attached'] : [name, 'flag'];
    }),
  );
}

interface Option {
  /** Without the dashes. */
  readonly name: string;
  readonly value: Arg | undefined;
}

export interface Options {
  readonly options: readonly Option[];
  readonly operands: readonly Arg[];
  /** An option that the grammar does not have. */
  readonly strange: Arg | undefined;
  /** A word that may be an option which the text does not say. */
  readonly loose: Arg | undefined;
  has(...names: string[]): boolean;
  /** Returns the values of options. */
  values(...names: string[]): Arg[];
}

/** Reads arguments as `getopt` does; `stops` where the first operand ends the options, as in a program that starts another. */
export function readOptions(args: readonly Arg[], known: Grammar, stops = false): Options {
  const options: Option[] = [];
  const operands: Arg[] = [];
  let strange: Arg | undefined;
  let loose: Arg | undefined;
  const rest = [...args];
  const takeValue = (arg: Arg): Arg | undefined => {
    const next = rest.shift();
    // A word that may be several can hold options behind the value.
    if (next?.many === true) loose ??= next;
    if (next === undefined) strange ??= arg;
    return next;
  };
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (mayBeOption(arg) && !isLongWithValue(arg, known)) loose ??= arg;
    const { lead, value } = arg;
    if (value === '--') {
      operands.push(...rest.splice(0));
    } else if (lead.startsWith('--')) {
      const equals = lead.indexOf('=');
      const name = lead.slice(2, equals === -1 ? undefined : equals);
      const kind = known.get(name);
      if (kind === undefined || name.length === 1 || (equals !== -1 && kind === 'flag')) strange ??= arg;
      if (equals !== -1) options.push({ name, value: restOf(arg, equals + 1) });
      else options.push({ name, value: kind === 'value' ? takeValue(arg) : undefined });
    } else if (lead.startsWith('-') && value !== '-') {
      for (let index = 1; index < lead.length; index += 1) {
        const name = lead[index] as string;
        const kind = known.get(name);
        if (kind === undefined) {
          strange ??= arg;
          break;
        }
        if (kind === 'flag') options.push({ name, value: undefined });
        else {
          const attached = index + 1 < lead.length || value === undefined ? restOf(arg, index + 1) : undefined;
          options.push({ name, value: attached ?? (kind === 'value' ? takeValue(arg) : undefined) });
          break;
        }
      }
    } else if (stops) {
      operands.push(arg, ...rest.splice(0));
    } else operands.push(arg);
  }
  return {
    ...{ options, operands, strange, loose },
    has: (...names) => options.some(({ name }) => names.includes(name)),
    values: (...names) =>
      options.flatMap(({ name, value }) => (names.includes(name) && value !== undefined ? [value] : [])),
  };
}

/** Whether only the value of a known option is unknown: `--output="$x"`, `-o"$x"`. */
function isLongWithValue({ lead, many, pattern }: Arg, known: Grammar): boolean {
  // The files of a pattern begin as the pattern does.
  if ((many && pattern === undefined) || !lead.startsWith('-')) return false;
  const long = /^--([\w-]+)=/.exec(lead)?.[1];
  if (long !== undefined) return known.get(long) === 'value' || known.get(long) === 'attached';
  const letters = lead.slice(1);
  const value = [...letters].findIndex((letter) => known.get(letter) !== 'flag');
  return value !== -1 && known.get(letters[value] as string) === 'value';
}
