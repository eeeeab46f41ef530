import { setFlagsFromString } from 'node:v8';

// V8 11, of Node 20, inlines calls of WebAssembly into optimized code, and ends the process when it leaves such code during
// a call: `unreachable code` in the deoptimizer, after some thousand policies.
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--no-turbo-inline-js-wasm-calls');
// The engine is optimized for as long as it runs, and mostly it runs for a moment: a third of the processor time of
// `writ check` was the optimizer's. With a thousand times the default budget only what reads thousands of policies is, and
// that takes a tenth longer.
setFlagsFromString('--wasm-tiering-budget=2000000000');
