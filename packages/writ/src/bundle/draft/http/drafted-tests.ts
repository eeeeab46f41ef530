import type { EntityUid } from '@writ/cedar';
import type { Operation, Service } from '@writ/enforce/http';
import { Document } from 'yaml';
import { sampleOf } from '../drafted-tests.js';
import type { DraftedOperation } from './operations.js';

/** Operations that are tested, of each result. */
const MAX_OPERATIONS = 5;

/**
 * Returns tests for a drafted service, each of which asks as its proxy would: clients may read, a change is asked of a person, and
 * nobody else may do either. Undefined if no request can be made up from the schemas.
 */
export function serviceTests(
  { components }: Pick<Service, 'components'>,
  operations: readonly DraftedOperation[],
  agent: EntityUid,
  person: EntityUid,
): string | undefined {
  const callable = operations.flatMap((one) => {
    const input = one.isReserved ? undefined : sampledInput(one.operation, components, one.unseen);
    return input === undefined ? [] : [{ ...one, input }];
  });
  const reading = callable.filter(({ isReading }) => isReading).slice(0, MAX_OPERATIONS);
  const changing = callable.filter(({ isReading }) => !isReading).slice(0, MAX_OPERATIONS);
  const stranger = { type: 'User', id: 'nobody-of-them' };
  const test = (title: string, some: typeof callable, who: EntityUid, by: EntityUid | undefined, expect: string) =>
    some.length === 0
      ? []
      : [
          {
            test: title,
            steps: some.map(({ operation: { name, route }, input }) => ({
              request: {
                subject: who,
                action: { name },
                resource: { type: 'Route', id: route },
                context: { ...(by === undefined ? {} : { agent: by }), input },
              },
              expect,
            })),
          },
        ];
  const tests = [
    ...test('operations that only read', reading, person, agent, 'allow'),
    ...test('operations that change something', changing, person, agent, 'step_up'),
    ...test('somebody who is no client', reading.slice(0, 1), stranger, undefined, 'deny'),
  ];
  if (tests.length === 0) return undefined;
  const document = new Document({ tests }, { aliasDuplicateObjects: false });
  document.commentBefore = ' Drafted by Writ: a beginning. docs/bundles.md has what tests can say.';
  return document.toString({ lineWidth: 0 });
}

/** Returns the input of a request as the proxy makes it; undefined if more is needed than plain values. */
function sampledInput(
  { path, query, headers, body }: Operation,
  components: unknown,
  unseen: readonly string[],
): Readonly<Record<string, unknown>> | undefined {
  const parts = { path_params: sampled(path), query: sampled(query), headers: sampled(headers) };
  if (Object.values(parts).includes(undefined)) return undefined;
  const sizes = { path_params: path.size, query: query.size, headers: headers.size };
  const input: Record<string, unknown> = Object.fromEntries(
    Object.entries(parts).filter(([part]) => sizes[part as keyof typeof sizes] > 0),
  );
  if (!body.isRequired) return input;
  const kinds = [...body.kinds.values()];
  if (!kinds.includes('json') || typeof body.schema !== 'object' || body.schema === null) return undefined;
  const opaque = unseen.flatMap((one) => (one.startsWith('body.') ? [one.slice('body.'.length)] : []));
  const value = unseen.includes('body') ? undefined : sampleOf({ inputSchema: { ...body.schema, components }, opaque });
  return value === undefined ? undefined : { ...input, body: value };
}

/** Returns a value of each parameter that every request has; undefined if one of them is an object. */
function sampled(parameters: Operation['path']): Readonly<Record<string, unknown>> | undefined {
  const needed = [...parameters].filter(([, { isRequired }]) => isRequired);
  if (needed.some(([, { form }]) => form === 'members')) return undefined;
  return Object.fromEntries(
    needed.map(
      ([
        name,
        {
          form,
          value: { type, choices },
        },
      ]) => {
        const [first] = choices ?? [];
        const text = first ?? (type === 'string' ? 'x' : '1');
        const value = type === 'string' ? text : type === 'boolean' ? text !== 'false' : Number(text);
        return [name, form === 'single' ? value : [value]];
      },
    ),
  );
}
