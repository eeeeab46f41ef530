import type { EraseFlags } from '../../erase.js';
import { subverb } from '../../verb.js';

export default subverb('erase', 'make what is recorded of a person unreadable: destroy their key')
  .argument('<person>', 'person, as User::"ana"')
  .needs('--reason <text>', 'reason, for the record; do not name the person')
  .asksService('admin')
  .printsJson()
  .runs(async (person: string, flags: EraseFlags) => (await import('../../erase.js')).erase(person, flags));
