/** Members of the context of an action, by the name of the action. */
type AddedMembers = ReadonlyMap<string, readonly string[]>;

/**
 * Returns the members that somebody added to the contexts of generated actions, as they are written.
 *
 * @param generated the generated part of a schema, as it was
 * @param known the names of the members that are generated
 */
export function addedMembers(generated: string, known: ReadonlySet<string>): AddedMembers {
  const found = new Map<string, string[]>();
  const plain = generated.replace(/\/\/[^\n]*/g, '');
  for (const match of plain.matchAll(/\baction\s+("(?:[^"\\]|\\.)*"|\w+)[^;]*?\bcontext\s*:\s*\{/g)) {
    const start = match.index + match[0].length;
    const members = topLevel(plain.slice(start)).map((member) => member.trim());
    const added = members.filter((member) => member !== '' && !known.has(nameOf(member)));
    if (added.length > 0)
      found.set(
        match[1] as string,
        added.map((member) => member.replace(/\s+/g, ' ')),
      );
  }
  return found;
}

function nameOf(member: string): string {
  return /^"?([^"?:\s]+)/.exec(member)?.[1] ?? '';
}

/** Returns the parts of a text between commas, up to the brace that ends it. Brackets and texts are not looked into. */
function topLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i += 1) {
    const one = text[i] as string;
    if (one === '"') i = endOfText(text, i);
    else if ('{[<('.includes(one)) depth += 1;
    else if (depth > 0 && '}]>)'.includes(one)) depth -= 1;
    else if (one === '}') return [...parts, text.slice(from, i)];
    else if (one === ',' && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return parts;
}

function endOfText(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '"') return i;
  }
  return text.length;
}
