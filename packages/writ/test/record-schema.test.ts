import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { recordSchema } from '../src/record/record-schema.js';

const file = join(import.meta.dirname, '../../../docs/record.schema.json');

it('docs/record.schema.json is what the code says (npm run record-schema writes it)', () => {
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(recordSchema())));
});

it('a part that nobody described is no record', () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(recordSchema());
  const change = {
    v: 1,
    kind: 'change',
    id: '01M8641579V9C78TQ6ZQMQGCMN',
    time: '2026-11-24T06:31:28.000Z',
    by: 'writ',
    what: 'w',
    detail: {},
  };
  expect(validate(change)).toBe(true);
  expect(validate({ ...change, more: 1 })).toBe(false);
  expect(validate({ ...change, v: 2 })).toBe(false);
});
