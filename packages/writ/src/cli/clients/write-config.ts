import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';

/** Writes a configuration, keeps the one before beside it, and leaves no half of a file. @returns where the one before is */
export function writeConfig(file: string, before: string, after: string): string {
  const { mode } = statSync(file);
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  let backup = `${file}.writ-backup-${stamp}`;
  for (let i = 2; existsSync(backup); i++) backup = `${file}.writ-backup-${stamp}-${i}`;
  // Both can have secrets of servers in them.
  writeFileSync(backup, before, { mode });
  const next = `${file}.writ-new`;
  writeFileSync(next, after, { mode });
  renameSync(next, file);
  return backup;
}
