import type { CallerFlags } from '../../callers.js';
import { subverb } from '../../verb.js';

export default subverb('add', 'add a caller with a key that speaks for one agent at work for one person')
  .argument('<name>', 'name, as cursor-for-ana')
  .needs('--for <entity>', 'person, as in User::"ana"')
  .option('--agent <entity>', 'agent at work for the person, as in Agent::"cursor"')
  .option('--print', 'show the key')
  .asksService('admin')
  .printsJson()
  .runs(async (name: string, flags: CallerFlags & { for: string; agent?: string; print?: boolean }) =>
    (await import('../../callers.js')).addCaller(name, flags),
  );
