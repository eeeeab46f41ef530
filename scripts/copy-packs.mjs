// Copies the pack that `writ init` begins a bundle with into the package; a clone has it in examples/.
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const to = at('../packages/writ/packs');
rmSync(to, { recursive: true, force: true });
cpSync(at('../examples/packs'), to, { recursive: true });
