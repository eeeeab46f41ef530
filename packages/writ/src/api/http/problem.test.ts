import { expect, test } from 'vitest';
import { Problem, problemText, sendProblem } from './problem.js';
import type { Reply } from './reply.js';

test.each<[Problem, object]>([
  [new Problem(400, 'a: wrong'), { type: 'about:blank', title: 'Bad Request', status: 400, detail: 'a: wrong' }],
  [new Problem(418, 'no'), { type: 'about:blank', title: 'Error', status: 418, detail: 'no' }],
  [
    new Problem(422, 'no', { findings: [] }),
    { type: 'about:blank', title: 'Unprocessable Content', status: 422, detail: 'no', findings: [] },
  ],
  [
    new Problem(409, 'no', { type: 'urn:x', title: 'Other' }),
    { type: 'urn:x', title: 'Other', status: 409, detail: 'no' },
  ],
])('%s has the members of RFC 9457', (problem, members) => {
  expect(JSON.parse(problemText(problem))).toEqual(members);
});

test.each<[Problem, string[][]]>([
  [new Problem(401, 'no'), [['WWW-Authenticate', 'Bearer realm="writ"']]],
  [new Problem(503, 'later', {}, 5), [['Retry-After', '5']]],
  [new Problem(403, 'no'), []],
])('%s sends its headers', (problem, headers) => {
  const set: string[][] = [];
  const sent: unknown[] = [];
  const keep = (value: unknown): unknown => {
    sent.push(value);
    return reply;
  };
  const reply = {
    header: (name: string, value: string) => set.push([name, value]),
    code: keep,
    type: keep,
    send: keep,
  };
  sendProblem(reply as unknown as Reply, problem);
  expect(set).toEqual(headers);
  expect(sent).toEqual([problem.status, 'application/problem+json', problemText(problem)]);
});
