const VALUES: ReadonlySet<string> = new Set([
  ...['derived', 'values', 'domains', 'links'],
  // Those of a program.
  ...['reads', 'writes', 'hosts', 'packages', 'columns'],
]);

/** Returns what policies saw of arguments, without their values. */
export function withoutValues(seen: unknown): unknown {
  if (typeof seen !== 'object' || seen === null || Array.isArray(seen)) return seen;
  return Object.fromEntries(
    Object.entries(seen).map(([name, part]) => [name, VALUES.has(name) ? { masked: 'dropped' } : withoutValues(part)]),
  );
}

/** Returns what policies saw without derived values, which can be facts. */
export function withoutDerived(seen: unknown): unknown {
  if (typeof seen !== 'object' || seen === null || !('derived' in seen)) return seen;
  return { ...seen, derived: { masked: 'dropped' } };
}
