import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';

/** Returns the place of the deepest key of a path that a YAML or JSON text has; the start of the text if it has none. */
export function placeOfPath(text: string, path: readonly PropertyKey[]): { line: number; column: number } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (let length = path.length; length > 0; length -= 1) {
    const offset = offsetOf(document.getIn(path.slice(0, length - 1), true), path[length - 1]);
    if (offset === undefined) continue;
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  }
  return { line: 1, column: 1 };
}

/** The offset of a key of a map, or of an item of a list. */
function offsetOf(parent: unknown, key: PropertyKey | undefined): number | undefined {
  if (isMap(parent)) {
    const pair = parent.items.find(({ key: one }) => isScalar(one) && String(one.value) === String(key));
    if (isNode(pair?.key)) return pair.key.range?.[0];
    return undefined;
  }
  const item = isNode(parent) && 'get' in parent ? parent.get(key, true) : undefined;
  return isNode(item) ? item.range?.[0] : undefined;
}
