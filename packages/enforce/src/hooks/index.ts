/** The face for the hooks of coding agents. */

import { CLAUDE } from './dialects/claude.js';
import { CODEX } from './dialects/codex.js';
import { CURSOR } from './dialects/cursor.js';
import { GEMINI } from './dialects/gemini.js';

export { CANARY, CANARY_SAYS } from './canary.js';
export { HookFace } from './face.js';
export { Prompts } from './prompts.js';

/** The clients that the face understands, by the names that URLs and commands have for them. */
export const DIALECTS = { claude: CLAUDE, codex: CODEX, gemini: GEMINI, cursor: CURSOR } as const;
