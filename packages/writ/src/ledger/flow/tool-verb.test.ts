import { describe, expect, it } from 'vitest';
import { usualWords } from './asked.js';
import { prefixLengths, verbOf } from './tool-verb.js';

describe('the verb in the name of a tool', () => {
  it.each([
    ['create_issue', 'create', ['issue']],
    ['github_create_issue', 'create', ['issue']],
    ['mcp__github__create_issue', 'create', ['issue']],
    ['Gmail.SendEmail', 'send', ['email']],
    ['slack-post_message', 'post', ['message']],
    ['issues/close', 'close', ['issues']],
    ['frobnicate', 'frobnicate', ['frobnicate']],
    ['', '', []],
  ])('of %s is %s', (name, verb, about) => {
    expect(verbOf(name)).toMatchObject({ verb, about });
  });

  it.each([
    ['github_create_issue', 'make'],
    ['Gmail.SendEmail', 'forward'],
    ['mcp__notes__delete_note', 'erase'],
    ['slack-post_message', 'publish'],
    ['gmail_modify_email', 'change'],
    ['find_and_delete', 'remove'],
  ])('a prompt asks for %s with %s', (name, word) => {
    expect(usualWords(name)).toContain(word);
  });

  it('a prompt does not ask for one verb with the words of another', () => {
    expect(usualWords('github_delete_issue')).not.toContain('create');
    expect(usualWords('send_read_receipt')).not.toContain('read');
  });
});

describe('the words that the tools of a server share', () => {
  const lengths = (...names: string[]) => names.map((name) => prefixLengths(names).get(name));

  it('are a prefix, unless they are verbs', () => {
    expect(lengths('slack_get_users', 'slack_get_channels', 'slack_list')).toEqual([1, 1, 1]);
    expect(lengths('mcp__x__get_a', 'mcp__x__get_b')).toEqual([2, 2]);
    expect(lengths('get_a', 'get_b')).toEqual([0, 0]);
    expect(lengths('post_list', 'post_create')).toEqual([1, 1]);
    // These have no other verb.
    expect(lengths('post_comment', 'post_photo')).toEqual([0, 0]);
    expect(lengths('slack_x', 'github_y')).toEqual([0, 0]);
  });
});
