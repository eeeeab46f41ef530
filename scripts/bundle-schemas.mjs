import { mkdirSync, writeFileSync } from 'node:fs';
import { bundleSchemas } from '../packages/writ/dist/bundle/schemas.js';

/** Writes packages/writ/schemas, the JSON Schemas of the YAML files of a bundle. */
const folder = new URL('../packages/writ/schemas/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [file, text] of bundleSchemas()) writeFileSync(new URL(file, folder), text);
