import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/**
 * Writes a configuration, keeps the one before beside it, and leaves no half of a file.
 *
 * @param isPrivate whether others than the owner of the file must not read it
 * @returns where the one before is
 */
export function writeConfig(file: string, before: string, after: string, isPrivate = false): string {
  const given = statSync(file).mode & 0o777;
  const mode = isPrivate ? given & 0o700 : given;
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  let backup = `${file}.writ-backup-${stamp}`;
  for (let i = 2; existsSync(backup); i++) backup = `${file}.writ-backup-${stamp}-${i}`;
  // Both can have secrets of servers in them.
  writeFileSync(backup, before, { mode });
  const next = `${file}.writ-new`;
  rmSync(next, { force: true });
  writeFileSync(next, after, { mode });
  renameSync(next, file);
  return backup;
}
