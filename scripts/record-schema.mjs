import { writeFileSync } from 'node:fs';
import { recordSchema } from '../packages/writ/dist/record/record-schema.js';

/** Writes docs/record.schema.json, the form of what is in the log. */
writeFileSync(new URL('../docs/record.schema.json', import.meta.url), `${JSON.stringify(recordSchema(), null, 2)}\n`);
