import type { TestFlags } from '../tests/flags.js';
import { verb } from '../verb.js';

export default verb('test', 'Bundles', 'run the tests of a bundle')
  .argument('<bundle>', 'folder of the bundle')
  .option('--only <text>', 'run the tests with this text in their name or file')
  .option('--file <text>', 'run the tests of files with this text in their path')
  .option('--watch', 'run again when a file of the bundle changes')
  .option('--format <format>', 'text, json, junit or tap')
  .option('--out <file>', 'write the report of the format to this file')
  .option('--coverage', 'show the conditions that no test made true or false')
  .option('--coverage-lcov <file>', 'write them as lcov, for editors')
  .option('--min-coverage <percent>', 'fail if less of their outcomes was seen')
  .readsEnvironment()
  .printsJson()
  .runs(async (bundle: string, flags: TestFlags) => (await import('../test.js')).test(bundle, flags));
