/** A shorter value is in too many words by chance. */
const MIN_REPEATED = 3;
/** Of a value at the end of an error, which may be cut, as many characters are looked for. */
const MIN_CUT = 4;

/** Returns the text of an error without values that were masked in its decision; also without the beginning of one that was cut. */
export function withoutRepeated(error: string, values: readonly string[]): string {
  let text = error;
  for (const value of [...values].sort((a, b) => b.length - a.length)) {
    if (value.length < MIN_REPEATED) continue;
    text = text.replaceAll(value, '[masked]');
    for (let kept = Math.min(value.length, text.length) - 1; kept >= MIN_CUT; kept -= 1) {
      if (!text.endsWith(value.slice(0, kept))) continue;
      text = `${text.slice(0, -kept)}[masked]`;
      break;
    }
  }
  return text;
}
