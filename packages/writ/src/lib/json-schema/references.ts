import { isObject } from '@writ/sdk/lib/is-object';

/** A schema: an object, or a truth value that every value fits or none. */
export type Schema = Readonly<Record<string, unknown>> | boolean;

/** The base of schemas that have no `$id`. */
const BASE = 'schema:/';

/** Finds the schemas that `$ref` names within one document. Others are not fetched. */
export class References {
  private readonly bases = new Map<object, string>();
  private readonly named = new Map<string, unknown>();
  private readonly found = new Map<string, Schema | undefined>();

  constructor(root: Schema) {
    this.index(root, BASE);
  }

  /** Returns the schema that a reference in this one names; undefined if it is not in the document. */
  find(from: object, reference: string): Schema | undefined {
    const base = this.bases.get(from) ?? BASE;
    const key = JSON.stringify([base, reference]);
    if (!this.found.has(key)) this.found.set(key, this.resolve(reference, base));
    return this.found.get(key);
  }

  private resolve(reference: string, from: string): Schema | undefined {
    const url = resolved(reference, from);
    if (url === undefined) return undefined;
    const known = this.named.get(url);
    if (isSchema(known)) return known;
    const [base = '', fragment = ''] = url.split('#');
    if (fragment !== '' && !fragment.startsWith('/')) return undefined;
    const found = at(this.named.get(`${base}#`), fragment);
    return isSchema(found) ? found : undefined;
  }

  private index(value: unknown, base: string): void {
    // Without recursion: a stranger chooses how deep it nests.
    const left: [unknown, string][] = [[value, base]];
    this.named.set(`${base}#`, value);
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [one, outer] = next;
      if (typeof one !== 'object' || one === null) continue;
      const inner = isObject(one) ? this.baseOf(one, outer) : outer;
      this.bases.set(one, inner);
      for (const child of Object.values(one)) left.push([child, inner]);
    }
  }

  private baseOf(schema: Readonly<Record<string, unknown>>, outer: string): string {
    const { $id, $anchor, $dynamicAnchor } = schema;
    let base = outer;
    if (typeof $id === 'string') {
      const [named = ''] = (resolved($id, outer) ?? outer).split('#');
      base = named;
      if (!this.named.has(`${base}#`)) this.named.set(`${base}#`, schema);
    }
    for (const anchor of [$anchor, $dynamicAnchor])
      if (typeof anchor === 'string') this.named.set(`${base}#${anchor}`, schema);
    return base;
  }
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'boolean' || isObject(value);
}

function resolved(reference: string, base: string): string | undefined {
  try {
    const { href } = new URL(reference, base);
    return href.includes('#') ? href : `${href}#`;
  } catch {
    return undefined;
  }
}

/** Returns the value at a JSON pointer (RFC 6901) in a fragment of a URI. */
function at(value: unknown, pointer: string): unknown {
  let found = value;
  for (const step of pointer.split('/').slice(1)) {
    const name = unescaped(step);
    if (typeof found !== 'object' || found === null || name === undefined || !Object.hasOwn(found, name))
      return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

function unescaped(step: string): string | undefined {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
}
