import { Masks } from './audit/protection/masks.js';
import type { PersonKeys } from './audit/protection/person-keys.js';
import { Protection } from './audit/protection/protection.js';
import type { RecordSettings } from './bundle/format/record.js';
import { quickFinders } from './ledger/detectors.js';

/** What a bundle says becomes of entries before they are recorded. */
export async function protectionOf(
  { mask, erasable }: Pick<RecordSettings, 'mask' | 'erasable'>,
  key: Buffer,
  keys: PersonKeys,
): Promise<Protection> {
  const hasClasses = mask.some((rule) => 'class' in rule);
  return new Protection(new Masks(mask, key, hasClasses ? await quickFinders() : {}), keys, new Set(erasable));
}
