import { loadDetectors } from '@writ/enforce/detect';
import { serveTasks } from '../../lib/child-tasks.js';
import type { PagedReading } from './isolated-reader.js';
import { type ReadTask, readTask } from './read-task.js';
import { pagesOf } from './said-pages.js';

/** A process that reads answers of tools. The libraries of the detectors are loaded before the first deadline begins. */

await loadDetectors();
serveTasks(async (task: ReadTask): Promise<PagedReading> => {
  const { said, ...facts } = await readTask(task);
  return { ...facts, pages: pagesOf(said) };
});
