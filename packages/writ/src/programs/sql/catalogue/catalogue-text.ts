import type { CatalogueFile } from './format.js';

/** Returns a snapshot as a text with one row a line, in an order of its own, so that two snapshots can be compared. */
export function catalogueText({ format, version, server, declared, catalog }: CatalogueFile): string {
  const members = Object.entries(catalog).map(([name, rows]) => `    ${JSON.stringify(name)}: ${list(rows, '      ')}`);
  return [
    '{',
    `  "format": ${JSON.stringify(format)},`,
    `  "version": ${version},`,
    `  "server": ${JSON.stringify(server)},`,
    `  "declared": ${list(declared, '    ')},`,
    `  "catalog": {\n${members.join(',\n')}\n  }`,
    '}\n',
  ].join('\n');
}

function list(rows: unknown, indent: string): string {
  if (!Array.isArray(rows)) return JSON.stringify(rows);
  if (rows.length === 0) return '[]';
  const lines = rows.map((row) => `${indent}${JSON.stringify(row)}`).sort();
  return `[\n${lines.join(',\n')}\n${indent.slice(2)}]`;
}
