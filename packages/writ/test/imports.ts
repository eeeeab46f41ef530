import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** An import, or a re-export, as it stands in a file. */
export interface Import {
  /** Relative to the root, with `/`. */
  readonly file: string;
  readonly target: string;
  /** The file that the target is, relative to the root; undefined for a package. */
  readonly path: string | undefined;
  readonly typeOnly: boolean;
  /** True for `import()`, which loads when it is reached. */
  readonly dynamic: boolean;
}

/** Returns every import of the sources below a root; tests are left out. */
export function importsBelow(root: string): Import[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [
      ...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from '([^']+)'|^import '([^']+)'|import\('([^']+)'\)/gm),
    ].map((match) => {
      const target = match[2] ?? match[3] ?? match[4] ?? '';
      const path = relative(root, resolve(root, dirname(file), target)).replace(/\.js$/, '.ts');
      return {
        file: file.replaceAll(sep, '/'),
        target,
        path: target.startsWith('.') ? path.replaceAll(sep, '/') : undefined,
        typeOnly: match[1] !== undefined,
        dynamic: match[4] !== undefined,
      };
    });
  });
}

/** Returns the circles among files, each as the list of its files (Tarjan's strongly connected components). */
export function circlesIn(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { file, path } of imports) if (path !== undefined) targets.set(file, [...(targets.get(file) ?? []), path]);
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    const own = order.size;
    order.set(file, own);
    lowest.set(file, own);
    stack.push(file);
    for (const target of targets.get(file) ?? []) {
      const seen = order.get(target);
      if (seen === undefined) lowest.set(file, Math.min(lowest.get(file) as number, visit(target)));
      else if (stack.includes(target)) lowest.set(file, Math.min(lowest.get(file) as number, seen));
    }
    if (lowest.get(file) === own) {
      const circle = stack.splice(stack.indexOf(file));
      if (circle.length > 1 || (targets.get(file) ?? []).includes(file)) circles.push(circle.sort());
    }
    return lowest.get(file) as number;
  };
  for (const file of targets.keys()) if (!order.has(file)) visit(file);
  return circles;
}

/** Returns the files that are loaded with a file: its imports of values, and theirs, without `import()`. */
export function loadedWith(file: string, imports: readonly Import[]): ReadonlySet<string> {
  const loaded = new Set<string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (loaded.has(next)) continue;
    loaded.add(next);
    for (const { file: from, path, typeOnly, dynamic } of imports)
      if (from === next && path !== undefined && !typeOnly && !dynamic) waiting.push(path);
  }
  return loaded;
}
