import type { TaskKey } from '../../lib/ids.js';
import { TaskValues } from './task-values.js';

/** The most tasks that are remembered, and the most characters of all of them. The task that was changed longest ago goes first. */
const MAX_TASKS = 10_000;
const MAX_CHARACTERS = 256 * 2 ** 20;

/** The values that were said in each task. In memory: a value from before a restart is not found, and counts as external. */
export class ValueIndex {
  private readonly tasks = new Map<string, TaskValues>();
  private characters = 0;

  /** Returns the values that were said in a task; undefined if no value is found, or they were evicted. */
  of(task: TaskKey): TaskValues | undefined {
    return this.tasks.get(task);
  }

  /** Changes the values that were said in a task. */
  update(task: TaskKey, change: (values: TaskValues) => void): void {
    const values = this.tasks.get(task) ?? new TaskValues();
    this.tasks.delete(task);
    this.tasks.set(task, values);
    const before = values.size;
    change(values);
    this.characters += values.size - before;
    for (const [oldest, { size }] of this.tasks) {
      if (this.tasks.size <= MAX_TASKS && this.characters <= MAX_CHARACTERS) return;
      if (oldest === task) return;
      this.tasks.delete(oldest);
      this.characters -= size;
    }
  }
}
