import { type AnswerFacts, type ReadTask, readTask } from './read-task.js';
import type { SaidRow } from './said-pages.js';

/** The content of an answer: facts for the ledger, and values to remember a page at a time. */
export interface AnswerReading extends AnswerFacts {
  readonly pages: readonly (() => readonly SaidRow[])[];
}

/** Reads answers of tools. */
export interface AnswerReader {
  /** @throws {WorkerError} if the answer could not be read within its bounds */
  read(task: ReadTask): Promise<AnswerReading>;
}

/** Reads answers in this process: for commands, which stop nobody. */
export const READ_HERE: AnswerReader = {
  async read(task) {
    const { said, ...facts } = await readTask(task);
    return { ...facts, pages: [() => said] };
  },
};
