/** The bounds of a value. */
interface SizeBounds {
  /** The most members, items and scalars. */
  readonly values: number;
  /** The most characters of texts and names. */
  readonly characters: number;
}

/** Returns whether a value is within bounds. Stops as soon as it is not, and takes nesting of any depth. */
export function isWithin(value: unknown, { values, characters }: SizeBounds): boolean {
  let [valuesLeft, charactersLeft] = [values, characters];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const one = open.pop();
    valuesLeft -= 1;
    if (typeof one === 'string') charactersLeft -= one.length;
    else if (Array.isArray(one)) {
      if (one.length > valuesLeft) return false;
      for (const item of one) open.push(item);
    } else if (typeof one === 'object' && one !== null) {
      for (const name in one) {
        charactersLeft -= name.length;
        open.push((one as Record<string, unknown>)[name]);
        if (open.length > valuesLeft) return false;
      }
    }
    if (valuesLeft < 0 || charactersLeft < 0) return false;
  }
  return true;
}
