import * as official from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CedarError, compile, Entities } from '../src/index.js';
import { mutants, officialCount, officialReadsPolicy, ourCount, oursReadsPolicy, readEntities } from './readers.js';

const POLICY = `@id("a") @note("n")
permit(principal is U in G::"g", action in [Action::"x", Action::"y"], resource == R::"r") when {
  context.a has b && context.s like "a*b" && principal is U in G::"g" && ip("1.2.3.4").isIpv4() &&
  (if true then [1, 2].contains(1) else {"k": 1}.k == 2) && !context.z && [].isEmpty() && -context.n < 3 &&
  R::"q" == resource && resource.hasTag("t")
} unless { "x" == "y" };`;
const TEMPLATE = 'permit(principal in ?principal, action == Action::"x", resource is R in ?resource);';

function jsonOf(answer: official.PolicyToJsonAnswer): unknown {
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message);
  return answer.json;
}

describe('readers pass nothing over', () => {
  it.each([
    ['a policy', jsonOf(official.policyToJson(POLICY))],
    ['a template', jsonOf(official.templateToJson(TEMPLATE))],
  ])('what the official engine refuses of %s in JSON, ours refuses', (_name, base) => {
    expect([officialReadsPolicy(base), oursReadsPolicy(base)]).toEqual([true, true]);
    const tried = [...mutants(base)];
    expect(tried.length).toBeGreaterThan(100);
    const passedOver = tried.filter(({ json }) => !officialReadsPolicy(json) && oursReadsPolicy(json));
    expect(passedOver.map(({ what }) => what)).toEqual([]);
  });

  it('an unknown member is refused wherever it is, with what was meant', () => {
    // A record's members are the author's own.
    const base = jsonOf(official.policyToJson(POLICY.replace('{"k": 1}.k == 2', 'false')));
    const added = [...mutants(base)].filter(({ what }) => what.startsWith('added') && !what.endsWith('annotations'));
    expect(added.filter(({ json }) => oursReadsPolicy(json)).map(({ what }) => what)).toEqual([]);
    const { conditions, ...rest } = base as Record<string, unknown>;
    try {
      compile({ policies: [{ ...rest, condition: conditions }] });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(CedarError);
      expect((error as CedarError).message).toContain('unknown member `condition`');
      expect((error as CedarError).help).toBe('did you mean `conditions`?');
    }
  });

  it.each(['\r', '\n', '\r\n', '\u2028', '\u2029', '\u0085', '\v', '\f', '\ufeff', '\u00a0', '\u200b', '\u180e', '\0'])(
    'a comment, and white space, end as the official parser has it: %j',
    (end) => {
      const policy = 'permit(principal, action, resource);';
      for (const text of [
        `${policy} // c${end}forbid(principal, action, resource);`,
        `// "${end}${policy}`,
        `${policy}${end}`,
        `${end}${policy}`,
        `permit(principal, // ;${end}action, resource);`,
        `permit(principal,${end}action, resource);`,
        `permit(principal, action, resource) when { "//${end}" == "" };`,
      ]) {
        expect([text, ourCount(text)]).toEqual([text, officialCount(text)]);
      }
    },
  );

  it('random text of policies, comments, strings and line ends is split as the official parser splits it', () => {
    const piece = fc.constantFrom(
      ...['permit(principal, action, resource);', 'forbid(principal, action, resource) when { "a;//" == "b" };'],
      ...['//', '"', '\\', ';', ' ', '\r', '\n', '\u2028', '\u0085', '// x', '/', '@id("q")', 'when { true }', '}'],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const theirs = officialCount(text);
        const ours = ourCount(text);
        // Two policies with one id are refused by the set, not by the parser.
        if (theirs !== undefined && ours === undefined && text.split('@id').length > 2) return;
        expect([text, ours]).toEqual([text, theirs]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('entities: a member that nobody knows is refused, and what the official engine refuses of the known ones', () => {
    const base = [
      {
        uid: { type: 'U', id: 'a' },
        attrs: { e: { __entity: { type: 'U', id: 'b' } }, x: { __extn: { fn: 'ip', arg: '1.1.1.1' } }, n: 1 },
        parents: [{ type: 'G', id: 'b' }],
        tags: { t: 1 },
      },
    ];
    expect(readEntities(base)).toEqual({ official: true, ours: true });
    const tried = [...mutants(base)];
    // A list of entities may leave out `attrs` and `parents`: our own format has them as optional.
    const passedOver = tried.filter(({ what, json }) => {
      const { official: theirs, ours } = readEntities(json);
      return ours && !theirs && !/^(attrs|parents) taken from 0$/.test(what);
    });
    expect(passedOver.map(({ what }) => what)).toEqual([]);
    const strangers = tried.filter(({ what }) => /^added at 0(\.uid|\.parents\.0|\.attrs\.[ex].*)?$/.test(what));
    expect(strangers.length).toBeGreaterThan(5);
    expect(strangers.filter(({ json }) => readEntities(json).ours).map(({ what }) => what)).toEqual([]);
    expect(() => Entities.fromJson('[{"uid":{"type":"U","id":"a"},"attr":{}}]')).toThrow('unknown member `attr`');
  });

  it('an id that the schema does not enumerate fits no request, context, attribute or parent (RFC 53)', () => {
    const schema = `entity U { env: Env }; entity G; entity Env enum ["dev", "staging"];
      entity V in [Env]; action a appliesTo { principal: [U], resource: [Env], context: { e: Env } };`;
    const set = compile({ policies: 'permit(principal, action, resource);', schema });
    const env = (id: string) => ({ type: 'Env', id });
    const ask = (resource: string, e: string) =>
      set.isAuthorized(
        {
          principal: { type: 'U', id: 'u' },
          action: { type: 'Action', id: 'a' },
          resource: env(resource),
          context: { e: { __entity: env(e) } },
        },
        Entities.fromJson([]),
      ).decision;
    expect(ask('dev', 'staging')).toBe('allow');
    expect(() => ask('prod', 'dev')).toThrow('Env::"prod" is not one of the ids that the schema enumerates');
    expect(() => ask('dev', 'Dev')).toThrow('Env::"Dev" is not one of the ids that the schema enumerates');
    const parsed = compile({ policies: '', schema }).schema;
    const read = (one: object) => () => Entities.fromJson([one as never], { schema: parsed });
    expect(read({ uid: env('prod') })).toThrow('enumerates');
    expect(read({ uid: { type: 'U', id: 'u' }, attrs: { env: { __entity: env('prod') } } })).toThrow('enumerates');
    expect(read({ uid: { type: 'V', id: 'v' }, parents: [env('prod')] })).toThrow('enumerates');
    expect(read({ uid: { type: 'V', id: 'v' }, parents: [env('dev')] })).not.toThrow();
  });
});
