#!/usr/bin/env node
import { statSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

// Node 22.8 and later keep compiled code between runs. The cache is in the home of the user who runs this, and nowhere
// else: whoever can write it decides what is executed, and Node's default is the folder for temporary files.
if (module.enableCompileCache !== undefined && process.env.NODE_COMPILE_CACHE === undefined) {
  try {
    const home = homedir();
    if (statSync(home).uid === process.getuid?.()) module.enableCompileCache(join(home, '.cache', 'writ'));
  } catch {
    // Without a home there is no cache.
  }
}

// A command that ends after a moment is done before optimized code pays: on Node 20, which keeps none between runs, a seventh
// of the processor time of `writ check` was the optimizer's. Code that runs longer is optimized, later.
const SERVE = ['start', 'up', 'guard', 'enforce'];
if (process.versions.v8.startsWith('11.') && !SERVE.includes(process.argv[2]))
  setFlagsFromString('--interrupt-budget=1000000');

await import('../dist/cli/main.js');
