/** Exit codes of every verb (design section 10). */
export const EXIT = { ok: 0, notSo: 1, wrongUse: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
