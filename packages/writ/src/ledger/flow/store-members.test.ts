import { describe, expect, it } from 'vitest';
import { lastMember, memberForm } from './store-members.js';

describe('memberForm', () => {
  it.each([
    ['id', 'note', 'id'],
    ['id_', 'note', 'id'],
    ['_id', 'note', 'id'],
    ['ID', 'note', 'id'],
    ['note_id', 'note', 'id'],
    ['noteIds', 'note', 'id'],
    ['new_note_id', 'notes', 'id'],
    ['noteid', 'note', 'id'],
    ['filename', 'file', 'name'],
    ['file_path', 'file', 'path'],
    ['title', 'note', 'title'],
    ['mail_id', 'note', 'mailid'],
    ['source', 'file', ''],
    ['file', 'file', ''],
    ['名前', 'file', '名前'],
    ['__', 'file', '__'],
    ['calendar_event_id', 'calendar-event', 'id'],
  ])('of %s in %s is %j', (name, store, expected) => {
    expect(memberForm(name, store)).toBe(expected);
  });
});

describe('lastMember', () => {
  it.each([
    ['id', 'id'],
    ['lines[*].id', 'id'],
    ['$.notes[3].note_id', 'note_id'],
    ['$["a b"]', 'a b'],
    ['$[0]["x-id"]', 'x-id'],
    ["$['note']", 'note'],
    ['$[0]["a.b]"]', 'a.b]'],
    ['notes[*].ids.*', 'ids'],
    ['ids[*]', 'ids'],
    ['$..id', 'id'],
    ['$', '$'],
  ])('of %s is %s', (path, expected) => {
    expect(lastMember(path)).toBe(expected);
  });
});
