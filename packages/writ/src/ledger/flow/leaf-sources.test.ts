import { describe, expect, it } from 'vitest';
import type { Echo } from './echo.js';
import { leafSources } from './leaf-sources.js';
import { readAnswer } from './result-value.js';
import { Tools } from './tool-description.js';

type DeclaredTool = ConstructorParameters<typeof Tools>[0][string];

/** `path=value`, with its labels and their causes. */
async function sources(
  declared: DeclaredTool,
  result: unknown,
  { stored = [], detect = {}, echoes = [] }: { stored?: string[]; detect?: object; echoes?: Echo[] } = {},
): Promise<Record<string, string[]>> {
  const tool = new Tools({ look: declared }, {}, []).of('look');
  const leaves = await leafSources({ tool, detect, input: {}, stored, echoes }, readAnswer(result, declared.format));
  return Object.fromEntries(
    leaves.map(({ at, value, labels, rules, detectors, isStored, echoed }) => [
      `${at}=${value}`,
      [
        [labels.integrity, labels.confidentiality, ...labels.names].join(' '),
        ...rules.map(
          ({ index, gives, failed }) =>
            `${tool.rules[index]?.path}: ${gives.join(' ') || 'nothing'}${failed ? ' failed' : ''}`,
        ),
        ...detectors,
        ...(isStored ? ['stored'] : []),
        ...echoed.map((argument) => `echo of ${argument}`),
      ],
    ]),
  );
}

describe('the causes of labels', () => {
  it('are the deepest rules, and all that add names', async () => {
    const result = {
      $: ['external', 'restricted', 'pii'],
      '$..id': 'system',
      '$.a.id': { integrity: 'internal', kind: 'ref' },
    } as const;
    const got = await sources({ result }, { id: 1, a: { id: 2, text: 'x' } });
    expect(got['$.id=1']).toEqual(['system restricted pii', '$: confidentiality names', '$..id: integrity']);
    expect(got['$.a.id=2']).toEqual([
      'internal restricted pii',
      '$: confidentiality names',
      '$..id: nothing',
      '$.a.id: integrity kind',
    ]);
    expect(got['$.a.text=x']).toEqual(['external restricted pii', '$: integrity confidentiality names']);
  });

  it('are both of two rules at one place that say the same, and the lower of two that do not', async () => {
    const same = { '$.a': [{ integrity: 'internal' }, { integrity: 'internal', labels: ['x'] }] } as const;
    expect((await sources({ result: same }, { a: 1 }))['$.a=1']).toEqual([
      'internal confidential x',
      '$.a: integrity',
      '$.a: integrity names',
    ]);
    const lower = { '$.a': [{ integrity: 'internal' }, { integrity: 'external' }] } as const;
    expect((await sources({ result: lower }, { a: 1 }))['$.a=1']).toEqual([
      'external confidential',
      '$.a: nothing',
      '$.a: integrity',
    ]);
  });

  it('are none where no rule reaches', async () => {
    expect((await sources({ result: { '$.a': 'internal' } }, { b: 1 }))['$.b=1']).toEqual(['external confidential']);
  });

  it('are what a detector finds, also where a rule says the same', async () => {
    const got = await sources(
      { result: { $: ['internal', 'internal', 'pii'] } },
      { a: 'ana@shop.example', b: 'x' },
      { detect: { email: 'pii', card: 'card' } },
    );
    expect(got['$.a=ana@shop.example']).toEqual([
      'internal internal pii',
      '$: integrity confidentiality names',
      'email',
    ]);
    expect(got['$.b=x']).toEqual(['internal internal pii', '$: integrity confidentiality names']);
  });

  it('are the store that it was read from, where it lowers a label', async () => {
    const got = await sources(
      { result: { $: 'internal', '$.note': 'external' } },
      { id: 1, note: 'x' },
      { stored: ['external'] },
    );
    expect(got['$.id=1']).toEqual(['external internal', '$: confidentiality', 'stored']);
    expect(got['$.note=x']).toEqual(['external internal', '$: confidentiality', '$.note: integrity']);
  });

  it('are the arguments that it repeats, whose labels count also', async () => {
    const labels = { integrity: 'external', confidentiality: 'public', names: ['pii'] } as const;
    const echoes: Echo[] = [{ argument: 'note', value: 'pay to DE89370400440532013000', labels }];
    const got = await sources({ result: 'internal' }, { id: 1, saved: 'pay to DE89370400440532013000' }, { echoes });
    expect(got['$.id=1']).toEqual(['internal internal', '$: integrity confidentiality']);
    expect(got['$.saved=pay to DE89370400440532013000']).toEqual([
      'external internal pii',
      '$: confidentiality',
      'echo of note',
    ]);
  });

  it('are rules on keys', async () => {
    const result = {
      $: 'external',
      '$.shared_with.*~': { integrity: 'internal', when: 'key.endsWith("@own")' },
    } as const;
    const got = await sources({ result }, { shared_with: { 'a@own': 'r', 'b@x': 'r' } });
    expect(got['$.shared_with=a@own']).toEqual(['internal confidential', '$: nothing', '$.shared_with.*~: integrity']);
    expect(got['$.shared_with=b@x']).toEqual(['external confidential', '$: integrity']);
  });

  it('say which condition could not be worked out', async () => {
    const result = { $: 'internal', '$.a': { integrity: 'system', when: 'record.none.of == 1' } } as const;
    expect((await sources({ result }, { a: 1 }))['$.a=1']).toEqual([
      'external confidential',
      '$: nothing',
      '$.a: nothing failed',
    ]);
    const held = { $: 'internal', '$.a': { integrity: 'system', when: 'value == 1' } } as const;
    expect((await sources({ result: held }, { a: 1 }))['$.a=1']).toEqual([
      'system internal',
      '$: confidentiality',
      '$.a: integrity',
    ]);
    expect((await sources({ result: held }, { a: 2 }))['$.a=2']).toEqual([
      'internal internal',
      '$: integrity confidentiality',
    ]);
  });

  it('of a text without structure are all rules', async () => {
    const got = await sources({ result: { $: 'internal', '$[*].body': 'external' } }, 'some text');
    expect(got['$=some text']).toEqual([
      'external internal',
      expect.stringMatching(/^\$: /),
      expect.stringMatching(/^\$\[\*\]\.body: .*integrity/),
    ]);
  });
});
