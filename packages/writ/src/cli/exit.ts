/** Exit codes of every verb (docs/commands.md). */
export const EXIT = { ok: 0, notSo: 1, wrongUse: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Carries out a verb, and keeps its exit code. A verb loads what it needs when it is called: others need nothing of it. */
export type Run = (verb: () => Promise<ExitCode>) => Promise<void>;
