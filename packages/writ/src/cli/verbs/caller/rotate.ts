import type { CallerFlags } from '../../callers.js';
import { subverb } from '../../verb.js';

export default subverb('rotate', 'give a caller or client a new key; the ones before it end')
  .argument('<name>', 'name of the caller or client')
  .option('--overlap <time>', 'how long the keys before it still count, as 1h; by default they end at once')
  .option('--print', 'show the key')
  .asksService('admin')
  .printsJson()
  .runs(async (name: string, flags: CallerFlags & { overlap?: string; print?: boolean }) =>
    (await import('../../callers.js')).rotateKey(name, flags),
  );
