/** Exit codes of every verb (docs/commands.md). */
export const EXIT = { ok: 0, notSo: 1, wrongUse: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
