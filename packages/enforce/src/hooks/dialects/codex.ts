import type { Dialect } from '../event.js';
import { appliesPatch } from '../tools/patch.js';
import { reads, searchesWeb, shell } from '../tools/readers.js';
import { CLAUDE, readClaude } from './claude.js';

/** Codex: the events of Claude Code, tools of its own. It lets run what an answer would ask its user about. */
export const CODEX: Dialect = {
  client: 'codex',
  read: readClaude,
  tools: {
    Bash: shell,
    shell,
    exec_command: shell,
    shell_command: shell,
    local_shell: shell,
    apply_patch: appliesPatch,
    Edit: appliesPatch,
    Write: appliesPatch,
    view_image: reads('path'),
    web_search: searchesWeb,
  },
  asking: CLAUDE.asking,
  stop: CLAUDE.stop,
};
