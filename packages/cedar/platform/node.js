/** The official engine on Node. The flags are set before it is compiled. */
import './flags.js';

export * from '@cedar-policy/cedar-wasm/nodejs';
