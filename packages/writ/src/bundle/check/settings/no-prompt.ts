import type { Bundle } from '../../bundle.js';
import { addContextReads, noReads } from '../../provided/context-reads.js';
import { annotated } from '../annotated.js';
import type { Rule } from '../rule.js';

/** Clients none of which sends a prompt, under rules that ask whether the user wanted a call. */
export const noPrompt: Rule = {
  code: 'settings/no-prompt',
  check(bundle, find) {
    const { clients } = bundle.settings.gateway;
    const names = Object.keys(clients);
    if (names.length === 0 || Object.values(clients).some(({ prompt }) => prompt)) return;
    const [policy] = rulesOnPrompts(bundle);
    if (policy === undefined) return;
    find
      .in('writ.yaml')
      .warning(
        `no client sends a prompt (${names.join(', ')}), and ${policy} asks whether the user wanted a call: it stops nearly all`,
        'set `prompt: true` if one does send it; or use rules that need none, as `writ init --no-prompts` drafts them',
        ['gateway', 'clients'],
      );
  },
};

/** Returns the ids of policies that forbid what the prompt does not ask for. */
function rulesOnPrompts(bundle: Bundle): string[] {
  return [...annotated(bundle)].flatMap(({ source, effect }) => {
    if (effect === 'permit') return [];
    const reads = noReads();
    addContextReads(reads, source);
    return reads.of.get('tool')?.of.has('asked') === true ? [source.id] : [];
  });
}
