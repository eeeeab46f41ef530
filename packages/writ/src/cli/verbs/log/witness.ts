import { portIn, subverb } from '../../verb.js';
import type { WitnessFlags } from '../../witness.js';

export default subverb('witness', 'cosign checkpoints that extend those signed before')
  .needs('--name <name>', 'name of the witness, as witness.example.com/1')
  .needs('--log <key...>', 'public keys of the logs, or their files log.pub')
  .option('--data <dir>', 'folder for the key and the signed checkpoints', './witness')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <n>', 'port; 0 for any', portIn, 7467)
  .runs(async (flags: WitnessFlags) => (await import('../../witness.js')).witness(flags));
