import { cedarText } from '../cedar-text.js';
import type { DraftedOperation } from './operations.js';

/** A policy is at most 32,768 characters long: that of more operations is divided. */
const MAX_LIST = 16_384;

/** Returns the policies of a drafted service: reading is permitted to its clients, and a change is asked of a person. */
export function policiesOf(service: string, operations: readonly DraftedOperation[]): string {
  const named = operations.filter(({ isReserved }) => !isReserved);
  const reading = listsOf(named.filter(({ isReading }) => isReading));
  const changing = listsOf(named.filter(({ isReading }) => !isReading));
  const clients = `principal in Team::${cedarText(service)}`;
  return [
    HEAD,
    ...reading.map((list, i) =>
      policy('permit', clients, list, [
        `@id("${service}-reads${numbered(i)}")`,
        `@reason("clients of ${service} may read")`,
      ]),
    ),
    ...changing.map((list, i) =>
      policy('permit', clients, list, [
        `@id("${service}-changes${numbered(i)}")`,
        `@reason("clients of ${service} may change what somebody agreed to")`,
      ]),
    ),
    ...changing.map((list, i) =>
      policy('forbid', 'principal', list, [
        '// Leave an operation out of this list, and its requests are permitted without a question.',
        `@id("${service}-changes-are-asked${numbered(i)}")`,
        '@reason("it changes something, and nobody agreed to it yet")',
        '@requestable("owner")',
      ]),
    ),
    ...(changing.length === 0 ? [] : [APPROVE]),
  ].join('\n');
}

function policy(effect: 'permit' | 'forbid', who: string, list: readonly string[], above: readonly string[]): string {
  return `${above.join('\n')}
${effect} (
  ${who},
  action in [
${list.map((action) => `    ${action}`).join(',\n')}
  ],
  resource is Route
);
`;
}

function numbered(i: number): string {
  return i === 0 ? '' : `-${i + 1}`;
}

/** Returns the actions of operations, in lists that are short enough for a policy. */
function listsOf(operations: readonly DraftedOperation[]): string[][] {
  const lists: string[][] = [];
  let length = MAX_LIST;
  for (const { operation } of operations) {
    const action = `Action::${cedarText(operation.name)}`;
    length += action.length + 6;
    if (length > MAX_LIST) {
      lists.push([]);
      length = 0;
    }
    lists.at(-1)?.push(action);
  }
  return lists;
}

const HEAD = `// Drafted by \`writ init\` from the methods of the operations. What no policy permits is denied.
`;

const APPROVE = `// Never who asks, nor anybody that it went through: Writ sees to that.
@id("owners-approve")
@reason("who answers for an agent may approve what it was stopped in")
permit (principal is User, action == Action::"approve", resource)
when { context.request.owners.contains(principal) };
`;
