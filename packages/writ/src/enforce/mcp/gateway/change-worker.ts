import { loadDetectors } from '@writ/enforce/detect';
import { serveTasks } from '../../../lib/child-tasks.js';
import { changeHere } from './answer-changes.js';
import type { ChangeTask } from './isolated-changes.js';

/** A process that carries out obligations on the answers of tools. */

await loadDetectors();
serveTasks(({ result, obligations }: ChangeTask) => changeHere(result, obligations));
