// node scripts/with-setup.mjs SCRIPT [ARGS]: makes the checkout ready, then runs a built script.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, setup } from './setup.mjs';

setup();
const [script, ...args] = process.argv.slice(2);
const file = join(ROOT, script);
process.argv = [process.argv[0], file, ...args];
try {
  await import(pathToFileURL(file).href);
} catch (error) {
  // A typing error is no fault of the script.
  if (!String(error?.code).startsWith('ERR_PARSE_ARGS_')) throw error;
  console.error(`${error.message.split('. ')[0]}; --help says what there is`);
  process.exit(2);
}
