import { describe, expect, test } from 'vitest';
import {
  actionSearchShape,
  evaluationsShape,
  readEvaluation,
  resourceSearchShape,
  subjectSearchShape,
} from './read-request.js';

const subject = { type: 'User', id: 'ana' };
const action = { name: 'read' };
const resource = { type: 'Doc', id: '1' };
const asked = { subject, action, resource };
const long = (n: number): string => 'x'.repeat(n);

describe('an access evaluation request', () => {
  test.each<[string, unknown, unknown]>([
    ['the least', asked, asked],
    ['properties', { ...asked, subject: { ...subject, properties: { a: [1] } } }, undefined],
    ['a context', { ...asked, context: { input: { amount: 1 } } }, undefined],
    ['fields that nobody knows', { ...asked, later: true, action: { ...action, more: 1 } }, asked],
    ['two normalisations of a letter', { ...asked, subject: { type: 'User', id: 'e\u0301' } }, undefined],
    ['the longest name', { ...asked, action: { name: long(1_024) } }, undefined],
  ])('with %s is read', (_what, sent, expected) => {
    expect(readEvaluation(sent)).toEqual({ value: expected ?? sent });
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /^the body: /],
    ['null', null, /^the body: /],
    ['a list', [asked], /^(the body|subject): /],
    ['no subject', { action, resource }, /^subject: /],
    ['no action', { subject, resource }, /^action: /],
    ['no resource', { subject, action }, /^resource: /],
    ['a subject that is a text', { ...asked, subject: 'ana' }, /^subject: /],
    ['a number for an id', { ...asked, subject: { type: 'User', id: 1 } }, /^subject\.id: /],
    ['an empty id', { ...asked, resource: { type: 'Doc', id: '' } }, /^resource\.id: /],
    ['an empty action', { ...asked, action: { name: '' } }, /^action\.name: /],
    ['a name that is too long', { ...asked, action: { name: long(100_000) } }, /^action\.name: /],
    ['properties that are a list', { ...asked, subject: { ...subject, properties: [] } }, /^subject\.properties: /],
    ['a context that is a list', { ...asked, context: [] }, /^context: /],
    ['a context that is null', { ...asked, context: null }, /^context: /],
  ])('with %s is refused, with the place', (_what, sent, message) => {
    expect(readEvaluation(sent)).toEqual({ error: expect.stringMatching(message) });
  });
});

describe('the shapes of the other requests', () => {
  test.each([
    ['no options', { evaluations: [{}] }, true],
    ['250 evaluations', { evaluations: Array.from({ length: 250 }, () => ({})) }, true],
    ['251 evaluations', { evaluations: Array.from({ length: 251 }, () => ({})) }, false],
    ['an evaluation that is a text', { evaluations: ['x'] }, false],
    ['semantics', { options: { evaluations_semantic: 'deny_on_first_deny' } }, true],
    ['other semantics', { options: { evaluations_semantic: 'first' } }, false],
  ])('evaluations with %s', (_what, sent, isRead) => {
    expect(evaluationsShape.safeParse(sent).success).toBe(isRead);
  });

  test.each([
    ['a subject without an id', subjectSearchShape, { subject: { type: 'User' }, action, resource }, true],
    ['a subject with an id', subjectSearchShape, asked, true],
    ['no type of subject', subjectSearchShape, { subject: {}, action, resource }, false],
    ['a resource without an id', resourceSearchShape, { subject, action, resource: { type: 'Doc' } }, true],
    ['a subject to find resources for without an id', resourceSearchShape, { ...asked, subject: { type: 'U' } }, false],
    ['actions', actionSearchShape, { subject, resource }, true],
    ['actions on nothing', actionSearchShape, { subject }, false],
    ['a page of none', actionSearchShape, { subject, resource, page: { limit: 0 } }, true],
    ['a page of less than none', actionSearchShape, { subject, resource, page: { limit: -1 } }, false],
    ['a page of a half', actionSearchShape, { subject, resource, page: { limit: 0.5 } }, false],
    ['a token that is too long', actionSearchShape, { subject, resource, page: { token: long(4_097) } }, false],
  ])('a search with %s', (_what, shape, sent, isRead) => {
    expect(shape.safeParse(sent).success).toBe(isRead);
  });
});
