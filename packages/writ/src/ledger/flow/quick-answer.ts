import { isEmpty } from '../../lib/is-empty.js';
import { memo } from '../../lib/memo.js';
import { isWithin } from '../../lib/value-size.js';
import type { ReadTask } from './read-task.js';
import type { ToolSource } from './tool-description.js';

/** The largest answer that is read on the deciding thread. */
const QUICK = { values: 128, characters: 2_048 };
/** A path to one place: of names and indexes alone. */
const ONE_PLACE = /^\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]{1,9}\])*$/;

/**
 * Returns whether an answer is read in less time than it takes to hand it to another process: it is small, and its tool is
 * described without conditions, detectors, YAML and paths that search. The rest takes linear time.
 */
export function isQuick({ tool, detect, accumulators, stored, echoes, result }: ReadTask): boolean {
  const isPlainTask = isPlain(tool) && isEmpty(detect) && isEmpty(accumulators) && isWithin(echoes, QUICK);
  return isPlainTask && stored.things.length <= QUICK.values && isWithin(result, QUICK);
}

const isPlain = memo(({ declared: { result, format } }: ToolSource): boolean => {
  if (format === 'yaml') return false;
  if (result === undefined || typeof result === 'string' || Array.isArray(result)) return true;
  const byPath = Object.entries(result).filter(([key]) => key.startsWith('$'));
  if (byPath.length === 0) return !('when' in result) || result.when === undefined;
  return byPath.every(([path, labels]) => ONE_PLACE.test(path) && !JSON.stringify(labels).includes('"when"'));
});
