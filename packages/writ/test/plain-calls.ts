/** Calls that go without the SDK, over HTTP and through a guard: what they bring, and what is said to them. */

export const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'tester', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
export const CAN_BE_ASKED = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } };

/** A name, a tool, its arguments, more in its `_meta`, and what the answer has. */
export type PlainCase = [what: string, tool: string, input: object | undefined, meta: object, said: object];

/** Of servers that say what they are told, fail, and refuse. */
export const PLAIN_CASES: PlainCase[] = [
  [
    'that is permitted',
    'say',
    { text: 'hé' },
    {},
    { result: { content: [{ text: 'hé' }], resultType: 'complete', _meta: { 'com.example/more': 1 } } },
  ],
  ['without arguments', 'say', undefined, {}, { result: { content: [{ text: 'undefined' }] } }],
  ['of a client that can be asked', 'say', { text: 'a' }, CAN_BE_ASKED, { result: { content: [{ text: 'a' }] } }],
  ['that is denied', 'forbidden', {}, {}, { error: { code: -32_001 } }],
  ['of a tool that no server has', 'unheard', {}, {}, { error: { code: -32_001 } }],
  ['whose arguments do not fit', 'say', { text: 1 }, {}, { error: { code: -32_602 } }],
  ['that fails', 'fails', { text: 'no' }, {}, { result: { isError: true } }],
  ['that its server refuses', 'refuses', { text: 'a' }, {}, { error: { code: -32_602 } }],
];

/** The parameters of a call of a tool. */
export function callParams(name: string, input: object | undefined, meta: object): object {
  return { name, ...(input === undefined ? {} : { arguments: input }), _meta: { ...META, ...meta } };
}

/** The same for every decision: their ids are called `ID`. */
export function withoutIds(text: string): string {
  return text.replaceAll(/01[0-9A-HJKMNP-TV-Z]{24}/g, 'ID');
}
