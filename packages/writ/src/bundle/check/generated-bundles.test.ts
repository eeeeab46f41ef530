import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { readBundleFrom } from '../bundle.js';
import { checkBundle } from './check.js';
import { RULES } from './rules.js';

/** Bundles with names that are near one another, or near members that every object has: no rule throws, and each finding has a place. */

const NAMES = [
  'read',
  'raed',
  'send_mail',
  'sendMail',
  '__proto__',
  'constructor',
  'toString',
  'é',
  'a b',
  'x'.repeat(90),
];
const name = fc.constantFrom(...NAMES);
const identifier = fc.constantFrom('read', 'raed', 'seen', 'done', 'paid', 'path', 'sql', 'query', 'toString', 'x');
const quoted = fc.oneof(name, fc.string({ maxLength: 12 })).map((text) => cedarText(text));

/** Returns a text as Cedar writes it. */
function cedarText(text: string): string {
  const plain = text.toWellFormed().replace(/[\\"]/g, '\\$&');
  return `"${plain.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`)}"`;
}

const attribute = fc.oneof(
  identifier.map((one) => `context.input.${one}`),
  identifier.map((one) => `context.ledger.${one}`),
  fc.constantFrom(
    ...['context.tool.effects', 'context.tool.content.labels', 'context.origins.path.from', 'context.mandate.kind'],
    ...['context.approvals', 'context.provenance.assurance', 'principal.level', 'context["a b"]', 'resource'],
  ),
);
const list = fc.array(quoted, { maxLength: 4 }).map((items) => `[${items.join(', ')}]`);
const number = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom('9223372036854775807', '(-9223372036854775808)'),
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc
      .tuple(attribute, fc.constantFrom('contains', 'containsAny', 'containsAll'), fc.oneof(quoted, list))
      .map(([a, m, b]) => `${a}.${m}(${b})`),
    fc.tuple(list, attribute).map(([a, b]) => `${a}.contains(${b})`),
    fc.tuple(attribute, fc.constantFrom('==', '!='), fc.oneof(quoted, list, attribute)).map((parts) => parts.join(' ')),
    fc.tuple(attribute, fc.constantFrom('<', '<=', '>', '>='), number).map((parts) => parts.join(' ')),
    fc.tuple(attribute, quoted).map(([a, pattern]) => `${a} like ${pattern.slice(0, -1)}*"`),
    fc.tuple(attribute, fc.constantFrom('read', 'x')).map(([a, member]) => `${a} has ${member}`),
    fc.tuple(attribute).map(([a]) => `${a}.isEmpty()`),
    quoted.map((id) => `resource == Tool::${id}`),
    tie('condition').map((one) => `!(${one})`),
    fc.tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie('condition'), tie('condition'), tie('condition')).map(([a, b, c]) => `(if ${a} then ${b} else ${c})`),
  ),
}));
const annotation = fc.oneof(
  fc.constantFrom(
    '@stepUp("urn:a")',
    '@stepup("x")',
    '@stepUp("")',
    '@requestable',
    '@requestable("x")',
    '@highRisk("no")',
  ),
  fc.constantFrom('@obligation("")', '@obligation("note")', '@reason("")', '@toString("x")', ''),
);
const policy = fc
  .tuple(
    annotation,
    fc.constantFrom('permit', 'forbid'),
    fc.constantFrom('principal', 'principal is User', 'principal == User::"a"', 'principal in Team::"t"'),
    fc.constantFrom(
      'action',
      'action == Action::"read"',
      'action in [Action::"read", Action::"send_mail"]',
      'action in Action::"all"',
    ),
    fc.constantFrom('resource', 'resource is Tool', 'resource == Tool::"raed"'),
    fc.array(fc.tuple(fc.constantFrom('when', 'unless'), condition), { maxLength: 3 }),
  )
  .map(([notes, effect, principal, action, resource, conditions]) => {
    const body = conditions.map(([kind, one]) => `${kind} { ${one} }`).join(' ');
    return `${notes} ${effect} (${principal}, ${action}, ${resource}) ${body};`;
  });

const members = 'seen: { key: task, set: labels }, done: { key: task, set: action }, paid: { key: task, count: true }';
const bundle = fc.record({
  policies: fc.array(policy, { minLength: 1, maxLength: 5 }),
  tools: fc.array(
    fc.tuple(name, fc.constantFrom('external', '[external, PII]', '{ $: internal, $.a: { labels: [pii] } }')),
    { maxLength: 3 },
  ),
  argument: name,
  on: name,
  call: name,
  entities: fc.constantFrom(
    '[]',
    '[{ "uid": { "type": "User", "id": "a" }, "attrs": {}, "parents": [] }]',
    '[{ "uid": { "__entity": { "type": "Tool", "id": "raed" } }, "attrs": {}, "parents": [{ "type": "Tool", "id": "x" }] }]',
    '[null, 5, "x", [], { "uid": 3 }, { "uid": { "__entity": null }, "parents": 7 }, { "parents": [null, 1] }]',
  ),
  client: fc.constantFrom('User::"a"', 'User::"b"', 'Robot::"__proto__"', 'toString::"a"'),
});

it('no rule throws on a generated bundle, and each finding has a code and a place in a file', () => {
  const codes = new Set(RULES.map(({ code }) => code));
  const seen = new Set<string>();
  let checked = 0;
  fc.assert(
    fc.property(bundle, ({ policies, tools, argument, on, call, client, entities }) => {
      const json = JSON.stringify;
      const described = new Map(tools);
      const texts = new Map([
        ['writ.yaml', `name: g\ngateway: { clients: { one: { agent: '${client}', for: 'User::"b"' } } }\n`],
        [
          'schema.cedarschema',
          `entity Team; entity User in [Team] = { level?: Long }; entity Tool; action all;
action read, send_mail, "__proto__", toString in [all] appliesTo { principal: [User], resource: [Tool],
  context: { "a b"?: String, input?: { read?: String, path?: String, sql?: String, query?: String, x?: Long, toString?: Set<String> } } };`,
        ],
        [
          'ledger.yaml',
          `accumulators: { ${members}, other: { key: task, count: true, on: ${json(`action == ${json(on)}`)} } }\n`,
        ],
        [
          'tools.yaml',
          `tools:\n${[...described].map(([tool, result]) => `  ${json(tool)}: { effects: [read], arguments: { ${json(argument)}: { role: target, kind: path } }, result: ${result} }\n`).join('') || '  {}\n'}`,
        ],
        [
          'mappings/a.yaml',
          `server: s\ntools: { ${json(call)}: { evaluation: { resource: { type: Tool, id: x } } } }\n`,
        ],
        [
          'tests/a.yaml',
          `tests: [{ test: t, for: 'User::"a"', steps: [{ call: ${json(call)}, input: { ${json(argument)}: 1 }, expect: deny }] }]\n`,
        ],
        ['entities/a.json', entities],
        ['policies/a.cedar', policies.map((text, index) => `@id("p${index}")\n${text}`).join('\n')],
      ]);
      const read = readBundleFrom({ root: '/', texts, version: 'sha256:0', unread: [] });
      if (read.bundle === undefined) return;
      checked += 1;
      for (const { code, file, line, column } of checkBundle(read.bundle)) {
        seen.add(code);
        expect(codes.has(code)).toBe(true);
        const text = (texts.get(file) ?? '').split('\n')[line - 1];
        expect([code, text !== undefined && column >= 1 && column <= text.length + 1]).toEqual([code, true]);
      }
    }),
    { numRuns: 30 },
  );
  expect(checked).toBeGreaterThan(10);
  expect(seen.size).toBeGreaterThan(8);
});
