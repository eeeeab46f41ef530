import { type DetectedClass, spansOf } from '@writ/enforce/detect';
import type { Leaf } from './result-labels.js';

/** The classes that results can be searched for, each with the label of a match. */
export type Detection = Readonly<Partial<Record<DetectedClass, string>>>;

/** More text than this is not looked through: it has every label that could have been found. */
const MAX_TEXT = 256 * 1024;

/**
 * The values of a result with the labels of what is found in them: addresses, account and card numbers with right check digits,
 * telephone numbers with their country, credentials in the forms that services give out, text that nobody sees. A form that it does not
 * know is not found. Few texts that speak to the model are found (`writ check` has the figures): nothing may rest on that.
 */
export async function withDetections(leaves: readonly Leaf[], detection: Detection): Promise<readonly Leaf[]> {
  const wanted = Object.entries(detection) as [DetectedClass, string][];
  if (wanted.length === 0 || leaves.length === 0) return leaves;
  const starts: number[] = [];
  let text = '';
  for (const { value } of leaves) {
    starts.push(text.length);
    text += `${value}\n`;
  }
  if (text.length > MAX_TEXT)
    return leaves.map((leaf) =>
      named(
        leaf,
        wanted.map(([, label]) => label),
      ),
    );
  const found = new Map<number, Set<string>>();
  for (const [what, label] of wanted) {
    for (const { start, end } of await spansOf(what, text)) {
      for (let i = indexAt(starts, start); i < starts.length && (starts[i] as number) < end; i += 1)
        found.set(i, (found.get(i) ?? new Set()).add(label));
    }
  }
  return leaves.map((leaf, i) => named(leaf, [...(found.get(i) ?? [])]));
}

function named(leaf: Leaf, more: readonly string[]): Leaf {
  if (more.length === 0) return leaf;
  const names = [...new Set([...leaf.labels.names, ...more])].sort();
  return { ...leaf, labels: { ...leaf.labels, names } };
}

/** The last that starts at or before a place. */
function indexAt(starts: readonly number[], place: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}
