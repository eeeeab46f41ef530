import type { EraseFlags } from '../erase.js';
import { verb } from '../verb.js';

export default verb('erase', 'Decisions', 'destroy the key of a person: their recorded data becomes unreadable')
  .argument('<person>', 'person, as User::"ana"')
  .needs('--reason <text>', 'reason, for the record; do not name the person')
  .asksService('admin')
  .printsJson()
  .runs(async (person: string, flags: EraseFlags) => (await import('../erase.js')).erase(person, flags));
