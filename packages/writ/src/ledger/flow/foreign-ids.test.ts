import { expect, it } from 'vitest';
import { isOfOtherThings } from './foreign-ids.js';
import { nounsFor } from './nouns.js';

it.each<[string, string, string, boolean]>([
  ['list_files', 'delete_file', 'id', false],
  ['list_events', 'delete_file', 'id', true],
  ['search_emails', 'delete_message', 'message_id', false],
  ['search', 'delete_file', 'id', false],
  ['list_events', 'delete', 'id', false],
  ['query_records', 'delete_row', 'row', false],
])('%s gives out ids of other things than %s(%s): %s', (given, tool, argument, isOther) => {
  expect(isOfOtherThings(nounsFor(given, ''), nounsFor(tool, argument))).toBe(isOther);
});
