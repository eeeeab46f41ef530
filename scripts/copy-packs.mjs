import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What `writ init` begins a bundle with goes into the package; in a clone it is taken from examples/. */
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const to = at('../packages/writ/packs');
rmSync(to, { recursive: true, force: true });
cpSync(at('../examples/packs'), to, { recursive: true });
