import { expect, test } from 'vitest';
import { verbNames } from './load-verbs.js';
import { currentForm } from './old-names.js';

const current = (line: string): string => {
  const args = line.split(' ');
  return currentForm(args, verbNames(args[0])).args.join(' ');
};

test.each([
  ['approve-tool shop/refund --reason x', 'tool approve shop/refund --reason x'],
  ['approvals --json', 'approval list --json'],
  ['approve arq_1 --reason x', 'request approve arq_1 --reason x'],
  ['decide DIR -', 'bundle decide DIR -'],
  ['decisions', 'decision list'],
  ['deny arq_1', 'request deny arq_1'],
  ['end-approval apr_1', 'approval end apr_1'],
  ['end-grant 1', 'grant end 1'],
  ['endorse 01M', 'decision endorse 01M'],
  ['erase User::"ana"', 'log erase User::"ana"'],
  ['grant Agent::"a" --in Role::"r"', 'grant add Agent::"a" --in Role::"r"'],
  ['grant --in Role::"r" Agent::"a"', 'grant add --in Role::"r" Agent::"a"'],
  ['grants', 'grant list'],
  ['identities --flag ownerless', 'identity list --flag ownerless'],
  ['identity Agent::"a"', 'identity show Agent::"a"'],
  ['identity --json Agent::"a"', 'identity show --json Agent::"a"'],
  ['identity Agent::"a" --state=suspended', 'identity set Agent::"a" --state=suspended'],
  ['identity --owner User::"o" Agent::"a"', 'identity set --owner User::"o" Agent::"a"'],
  ['import users.csv', 'identity import users.csv'],
  ['key add k.jwk --identity Agent::"a"', 'identity key add k.jwk --identity Agent::"a"'],
  ['label --bundle DIR', 'bundle label --bundle DIR'],
  ['labels --task t', 'ledger labels --task t'],
  ['receipt 01M', 'log receipt 01M'],
  ['reinstate 1', 'revoke undo 1'],
  ['replay --policy DIR', 'decision replay --policy DIR'],
  ['replay-trace --trace f', 'bundle replay --trace f'],
  ['request ask.json --wait', 'request add ask.json --wait'],
  ['request --wait ask.json', 'request add --wait ask.json'],
  ['request -', 'request add -'],
  ['requests --service http://h', 'request list --service http://h'],
  ['requests --key-file k arq_1', 'request show --key-file k arq_1'],
  ['revocations', 'revoke list'],
  ['schema from-mcp DIR --write', 'bundle schema DIR --write'],
  ['token inspect -', 'task token -'],
  ['tools --key-file ./data/keys/admin.key', 'tool list --key-file ./data/keys/admin.key'],
  ['tools shop/refund', 'tool show shop/refund'],
  ['witness --name w', 'log witness --name w'],
])('the old name in `writ %s` is understood', (line, expected) => {
  expect(current(line)).toBe(expected);
});

test.each([
  'grant list',
  'grant end 1',
  'grant --help',
  'grant ad Agent::"a"',
  'identity show Agent::"a"',
  'identity lst',
  'request list',
  'request --help',
  'request',
  'revoke identity Agent::"a" --reason x',
  'constructor',
  '__proto__ x',
  'token',
  '',
])('`writ %s` has no old name', (line) => {
  expect(current(line)).toBe(line);
});
