import type { TaskKey } from '../../lib/ids.js';
import { TaskValues } from './task-values.js';

/** So many tasks are remembered, and so much of them all together; the one that was longest not looked at is forgotten first. */
const MAX_TASKS = 10_000;
const MAX_CHARACTERS = 256 * 2 ** 20;

/** What was said in each task. In memory: a value from before a restart is not found, and counts as external. */
export class ValueIndex {
  private readonly tasks = new Map<string, TaskValues>();
  private characters = 0;

  /** What was said in a task so far; undefined when nothing was, or it is forgotten. */
  of(task: TaskKey): TaskValues | undefined {
    return this.tasks.get(task);
  }

  /** Adds to what was said in a task. */
  tell(task: TaskKey, say: (values: TaskValues) => void): void {
    const values = this.tasks.get(task) ?? new TaskValues();
    this.tasks.delete(task);
    this.tasks.set(task, values);
    const before = values.size;
    say(values);
    this.characters += values.size - before;
    for (const [oldest, { size }] of this.tasks) {
      if (this.tasks.size <= MAX_TASKS && this.characters <= MAX_CHARACTERS) return;
      if (oldest === task) return;
      this.tasks.delete(oldest);
      this.characters -= size;
    }
  }
}
