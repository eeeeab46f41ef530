import { expect, test } from 'vitest';
import { verbNames } from './load-verbs.js';
import { currentForm } from './old-names.js';

const current = (line: string): string => {
  const args = line.split(' ');
  return currentForm(args, verbNames(args[0])).args.join(' ');
};

test.each([
  ['approve-tool shop/refund --reason x', 'tool approve shop/refund --reason x'],
  ['approval end apr_1 --reason x', 'request approval end apr_1 --reason x'],
  ['approval', 'request approval'],
  ['approvals --json', 'request approval list --json'],
  ['approve arq_1 --reason x', 'request approve arq_1 --reason x'],
  ['backup to --data d', 'data backup to --data d'],
  ['connect --undo', 'up connect --undo'],
  ['decide DIR -', 'bundle decide DIR -'],
  ['decisions', 'decision list'],
  ['deny arq_1', 'request deny arq_1'],
  ['end-approval apr_1', 'request approval end apr_1'],
  ['end-grant 1', 'identity grant end 1'],
  ['endorse 01M', 'decision endorse 01M'],
  ['enforce', 'up enforce'],
  ['erase User::"ana"', 'log erase User::"ana"'],
  ['grant Agent::"a" --in Role::"r"', 'identity grant add Agent::"a" --in Role::"r"'],
  ['grant --in Role::"r" Agent::"a"', 'identity grant add --in Role::"r" Agent::"a"'],
  ['grant list', 'identity grant list'],
  ['grant end 1', 'identity grant end 1'],
  ['grant --help', 'identity grant --help'],
  ['grant ad Agent::"a"', 'identity grant ad Agent::"a"'],
  ['grants', 'identity grant list'],
  ['identities --flag ownerless', 'identity list --flag ownerless'],
  ['identity Agent::"a"', 'identity show Agent::"a"'],
  ['identity --json Agent::"a"', 'identity show --json Agent::"a"'],
  ['identity Agent::"a" --state=suspended', 'identity set Agent::"a" --state=suspended'],
  ['identity --owner User::"o" Agent::"a"', 'identity set --owner User::"o" Agent::"a"'],
  ['import users.csv', 'identity import users.csv'],
  ['import --postgres-catalog --query', 'import --postgres-catalog --query'],
  ['import --help', 'import --help'],
  ['incident Agent::"a" --since 7d', 'log incident Agent::"a" --since 7d'],
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
  ['restore b --replace', 'data restore b --replace'],
  ['revocations', 'revoke list'],
  ['schema from-mcp DIR --write', 'bundle schema DIR --write'],
  ['token inspect -', 'task token -'],
  ['tools --key-file ./data/keys/admin.key', 'tool list --key-file ./data/keys/admin.key'],
  ['tools shop/refund', 'tool show shop/refund'],
  ['upgrade --check', 'data upgrade --check'],
  ['witness --name w', 'log witness --name w'],
])('the old name in `writ %s` is understood', (line, expected) => {
  expect(current(line)).toBe(expected);
});

test.each([
  'identity grant list',
  'request approval end 1',
  'up --connect',
  'data backup x',
  'log incident Agent::"a"',
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
